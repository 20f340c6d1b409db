internal import Foundation
internal import MinkeChat
internal import MinkeGrammar

extension ChatSession {
  /// Answers with a value of a type: the answer is JSON of the type's schema (``MinkeChat/SchemaDescription``), and nothing else.
  ///
  /// ```swift
  /// struct Recipe: Decodable, Sendable { var title: String; var minutes: UInt8; var steps: [String] }
  /// let recipe = try await session.respond(to: "Pancakes for two", generating: Recipe.self)
  /// ```
  ///
  /// - Parameters:
  ///   - includesSchema: whether the schema is shown to the model behind the text. Small models need to be told what the
  ///     properties mean.
  ///   - parameters: for this answer; nil: the session's. A grammar among them gives way to the schema.
  /// - Throws: ``MinkeError`` for a type without a schema, an answer that was cut off before it was whole, and a value that the
  ///   type refuses.
  public func respond<Value: Decodable & Sendable>(
    to text: String, generating type: Value.Type = Value.self, includesSchema: Bool = true,
    parameters: GenerationParameters? = nil
  ) async throws(MinkeError) -> Value {
    let request = try rethrowing {
      let schema = try SchemaDescription(of: type).json
      var parameters = parameters ?? self.parameters
      parameters.grammar = try Grammar(.jsonSchema(schema))
      // The grammar knows where the value ends.
      parameters.stop = []
      return (
        text: includesSchema ? "\(text)\n\nAnswer with JSON of this schema: \(schema)" : text,
        parameters: parameters
      )
    }
    var answer = ""
    var result: GenerationResult?
    do {
      for try await event in respond(to: request.text, parameters: request.parameters) {
        if case .answer(let text) = event { answer += text }
        if case .toolCall = event { answer = "" }
        if case .finished(let finished) = event { result = finished }
      }
    } catch {
      throw MinkeError(error)
    }
    guard let result, result.finishReason != .cancelled else {
      throw MinkeError(.cancelled, "the answer was stopped before it was whole")
    }
    guard result.finishReason == .stop else {
      throw MinkeError(
        .answer,
        "the answer ended by \(result.finishReason.rawValue) before it was whole; expected JSON of "
          + "\(type): allow more tokens, or limit the schema's texts and arrays")
    }
    do {
      return try JSONDecoder().decode(type, from: Data(answer.utf8))
    } catch {
      throw MinkeError(.answer, "the answer is not a value that \(type) accepts: \(error)")
    }
  }
}
