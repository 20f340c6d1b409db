internal import Foundation

/// A tool that a model may call, and the Swift code that does it.
///
/// ```swift
/// struct WeatherArguments: Decodable, Sendable { var place: String; var days: UInt8? }
/// let tool = try Tool("get_weather", "The weather at a place") { (arguments: WeatherArguments) in
///   try await weather(at: arguments.place, days: arguments.days ?? 1)
/// }
/// let session = ChatSession(model: model, tools: [tool])
/// for try await event in session.respond(to: "Rain in Kyoto?") { … }
/// ```
public struct Tool: Sendable {
  /// Name, description and schema, as a template shows them to the model.
  public let definition: ToolDefinition
  public var name: String { definition.name }
  private let body: (@Sendable (String) async throws -> String)?
  /// Whether there is code that answers calls; otherwise whoever asked the model answers them.
  public var isAnswered: Bool { body != nil }

  /// - Parameter body: gets the arguments; its result is given to the model: text as it is, anything else as JSON.
  /// - Throws: if no schema can be found for the arguments, or it is not that of an object: see ``SchemaDescription``.
  public init<Arguments: Decodable & Sendable, Result: Encodable & Sendable>(
    _ name: String, _ description: String,
    _ body: @escaping @Sendable (Arguments) async throws -> Result
  ) throws(ChatError) {
    let schema = try SchemaDescription(of: Arguments.self).json
    guard JSONObject(schema)?.string("type") == "object" else {
      throw ChatError(
        at: "the tool \(name)", found: "arguments of type \(Arguments.self)",
        expected: "a type with named properties, which becomes a JSON object")
    }
    definition = try ToolDefinition(name: name, description: description, parameters: schema, isStrict: true)
    self.body = { json in
      let reader = ArgumentReader(json: json, schema: schema)
      return try Self.text(of: await body(try reader.read(Arguments.self)))
    }
  }

  /// A tool whose calls are answered by whoever asked the model.
  public init(_ definition: ToolDefinition) {
    self.definition = definition
    body = nil
  }

  /// A tool without arguments.
  public init<Result: Encodable & Sendable>(
    _ name: String, _ description: String, _ body: @escaping @Sendable () async throws -> Result
  ) throws(ChatError) {
    try self.init(name, description) { (_: NoArguments) in try await body() }
  }

  /// Runs the tool.
  ///
  /// - Parameter argumentsJSON: ``ToolCall/arguments``.
  /// - Returns: the result as the model is to read it.
  /// - Throws: a ``ChatError`` whose description tells the model what is wrong with its arguments, or what the tool's
  ///   own code throws.
  public func call(_ argumentsJSON: String) async throws -> String {
    guard let body else {
      throw ChatError(
        at: "the tool \(name)", found: "no code", expected: "a tool that was made with a closure")
    }
    return try await body(argumentsJSON)
  }

  /// The message that answers a call: the result, or the text of the error, from which a model can mend its call.
  ///
  /// - Throws: only `CancellationError`, where this task was cancelled; a tool that gave up by itself is an error to read.
  public func answer(_ call: ToolCall) async throws(CancellationError) -> Message {
    var text: String
    do {
      text = try await self.call(call.arguments)
    } catch let error as CancellationError where Task.isCancelled {
      throw error
    } catch {
      text = "Error: \(error)"
    }
    var message = Message(.tool, text)
    message.toolCallID = call.id
    message.name = name
    return message
  }

  private static func text(of result: some Encodable) throws -> String {
    if let text = result as? String { return text }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(result), as: UTF8.self)
  }
}

private struct NoArguments: Decodable, Sendable {}
