internal import MinkeChat
internal import MinkeGrammar
internal import Synchronization

/// What an answer may be where tools are offered: calls whose names are those of tools and whose arguments keep to their
/// schemas, and text beside them.
struct ToolCallGrammar {
  let format: ToolCallFormat
  let tools: [ToolDefinition]

  /// - Parameter answer: what an answer that calls nothing has to be; nil: anything.
  /// - Throws: if a schema has what cannot be kept to, or a tool is asked for that is not there.
  func source(_ choice: ToolChoice, answer: GrammarSource?) throws(MinkeError) -> GrammarSource {
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
      return .alternatives([required(bodies, maximum: nil), try notBeginningLikeCall()])
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
    guard let parameters = tool.parameters else { return .jsonObject }
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

  /// Any text but one that begins as a call of some tool does, where nothing marks a call.
  private func notBeginningLikeCall() throws(MinkeError) -> GrammarSource {
    var pattern = ""
    for character in (format.frames(of: "").first?.opening ?? "").prefix(while: { $0 != ":" }).reversed() {
      pattern = "([^\(Self.escaped(character))][\\s\\S]*|\(Self.escaped(character))\(pattern))?"
    }
    return .regex(pattern)
  }

  private static func escaped(_ character: Character) -> String {
    #"\{}[]()^$.|?*+-/"#.contains(character) ? "\\\(character)" : String(character)
  }
}

/// Compiled grammars of the tools that were offered last: conversations offer the same ones turn after turn.
final class ToolGrammars: Sendable {
  private struct Key: Hashable {
    var tools: [String]
    var strict: [Bool]
    var choice: ToolChoice
  }

  private static let limit = 32
  private let made = Mutex<[Key: Grammar]>([:])

  func grammar(
    _ format: ToolCallFormat, _ tools: [ToolDefinition], _ choice: ToolChoice, answer: Grammar?
  ) throws -> Grammar {
    let source = ToolCallGrammar(format: format, tools: tools)
    if let answer { return try Grammar(source.source(choice, answer: answer.source)) }
    let key = Key(tools: tools.map(\.json), strict: tools.map(\.isStrict), choice: choice)
    if let known = made.withLock({ $0[key] }) { return known }
    let grammar = try Grammar(source.source(choice, answer: nil))
    made.withLock { made in
      if made.count >= Self.limit { made.removeAll() }
      made[key] = grammar
    }
    return grammar
  }
}
