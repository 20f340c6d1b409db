package import MinkeChat
package import MinkeGrammar
internal import Synchronization

/// What an answer may be where tools are offered: calls whose names are those of tools and whose arguments keep to their
/// schemas, and text beside them.
package struct ToolCallGrammar {
  let format: ToolCallFormat
  let tools: [ToolDefinition]
  /// Whether any object will do as arguments.
  var takesAnyObject = false

  package init(format: ToolCallFormat, tools: [ToolDefinition]) {
    self.format = format
    self.tools = tools
  }

  /// - Parameter answer: what an answer that calls nothing has to be; nil: anything.
  /// - Throws: if a schema has what cannot be kept to, or a tool is asked for that is not there.
  package func source(_ choice: ToolChoice, answer: GrammarSource?) throws(MinkeError) -> GrammarSource {
    switch choice {
    case .none: return answer ?? .freeText([])
    case .required: return required(try bodies(of: tools), maximum: nil)
    case .named(let name):
      guard let tool = tools.first(where: { $0.name == name }) else {
        throw MinkeError(
          .parameters,
          "the tool choice is \"\(name)\"; expected one of \(tools.map(\.name).joined(separator: ", "))")
      }
      return required(try bodies(of: [tool]), maximum: 1)
    case .auto:
      let bodies = try bodies(of: tools)
      if let answer { return .alternatives([answer, required(bodies, maximum: nil)]) }
      if let opener = format.callOpener { return .freeText([.init(opener, bodies)]) }
      return .alternatives([required(bodies, maximum: nil), notBeginningLikeCall])
    }
  }

  /// A call of any of the tools, without its opening mark.
  private func bodies(of tools: [ToolDefinition]) throws(MinkeError) -> GrammarSource {
    var bodies: [GrammarSource] = []
    for tool in tools {
      let arguments = try arguments(of: tool)
      bodies += format.frames(of: tool.name).map {
        .sequence([.text($0.opening), arguments, .text($0.closing)])
      }
    }
    return .alternatives(bodies)
  }

  private func arguments(of tool: ToolDefinition) throws(MinkeError) -> GrammarSource {
    guard let parameters = tool.parameters, !takesAnyObject else { return .jsonObject }
    do {
      _ = try Grammar(.jsonSchema(parameters))
      return .jsonSchema(parameters)
    } catch {
      guard tool.isStrict else { return .jsonObject }
      throw MinkeError(.parameters, "parameters of the tool \(tool.name): \(error.description)")
    }
  }

  /// Calls, and nothing else.
  private func required(_ bodies: GrammarSource, maximum: Int?) -> GrammarSource {
    var parts: [GrammarSource] = []
    if let opener = format.callOpener {
      let call = GrammarSource.sequence([.text(opener), bodies, Self.space])
      parts.append(.repetition(call, minimum: 1, maximum: maximum))
      if let wrappers = format.callWrappers {
        parts.insert(Self.optional(.text(wrappers.before)), at: 0)
        if let after = wrappers.after { parts.append(Self.optional(.text(after))) }
      }
    } else {
      parts.append(bodies)
      if maximum != 1 {
        parts.append(.repetition(.sequence([.text("; "), bodies]), minimum: 0, maximum: nil))
      }
    }
    return .sequence(parts)
  }

  private static let space = GrammarSource.regex("[ \\n]{0,4}")

  private static func optional(_ source: GrammarSource) -> GrammarSource {
    .repetition(source, minimum: 0, maximum: 1)
  }

  /// Any text but one that begins as a call of a tool does, where nothing marks a call.
  private var notBeginningLikeCall: GrammarSource {
    var excluded = ExcludedBeginnings()
    for tool in tools { excluded.add(["{", "\"name\"", ":", "\"\(tool.name)\""]) }
    for key in ["arguments", "parameters"] { excluded.add(["{", "\"\(key)\"", ":"]) }
    return .regex(excluded.pattern)
  }
}

/// Compiled grammars of the tools that were offered last: conversations offer the same ones turn after turn. They are few,
/// since each may hold tens of megabytes of masks.
final class ToolGrammars: Sendable {
  private struct Entry {
    let format: ToolCallFormat
    let tools: [ToolDefinition]
    let choice: ToolChoice
    let answer: Grammar?
    let grammar: Grammar

    func serves(
      _ format: ToolCallFormat, _ tools: [ToolDefinition], _ choice: ToolChoice, _ answer: Grammar?
    ) -> Bool {
      let isSameAnswer =
        if let answer, let own = self.answer { own.isIdentical(to: answer) } else {
          answer == nil && self.answer == nil
        }
      return isSameAnswer && format == self.format && choice == self.choice && tools == self.tools
    }
  }

  private static let limit = 4
  /// More tools than a model tells apart.
  private static let toolLimit = 256
  /// The one that was asked for last is the last.
  private let made = Mutex<[Entry]>([])

  func grammar(
    _ format: ToolCallFormat, _ tools: [ToolDefinition], _ choice: ToolChoice, answer: Grammar?
  ) throws -> Grammar {
    guard tools.count <= Self.toolLimit else {
      throw MinkeError(
        .parameters, "\(tools.count) tools are offered; expected at most \(Self.toolLimit)")
    }
    let known = made.withLock { made -> Grammar? in
      guard let index = made.firstIndex(where: { $0.serves(format, tools, choice, answer) }) else {
        return nil
      }
      made.append(made.remove(at: index))
      return made.last?.grammar
    }
    if let known { return known }
    let grammar = try compiled(ToolCallGrammar(format: format, tools: tools), choice, answer)
    made.withLock { made in
      if made.count >= Self.limit { made.removeFirst() }
      made.append(.init(format: format, tools: tools, choice: choice, answer: answer, grammar: grammar))
    }
    return grammar
  }

  /// Schemas that are too large together give way, unless a tool is strict.
  private func compiled(
    _ source: ToolCallGrammar, _ choice: ToolChoice, _ answer: Grammar?
  ) throws -> Grammar {
    let whole = try source.source(choice, answer: answer?.source)
    do {
      return try Grammar(whole)
    } catch {
      guard !source.tools.contains(where: \.isStrict) else { throw error }
      var source = source
      source.takesAnyObject = true
      return try Grammar(source.source(choice, answer: answer?.source))
    }
  }
}
