internal import MinkeEngine
internal import MinkeSampling

extension EngineBenchmark {
  /// Turns of one conversation whose questions are equally long.
  public struct Turns: Sendable {
    /// The second and the tenth.
    public var second: Turn
    public var last: Turn
  }

  /// One turn of a conversation.
  public struct Turn: Sendable {
    public var number: Int
    /// Tokens of the prompt, the conversation so far included, and those of them that had to be computed; medians.
    public var promptTokens: Int
    public var computedTokens: Int
    /// From the beginning of prefill to the first token.
    public var seconds: Measurements
  }

  private static let turnCount = 10

  /// Holds a conversation of ten turns again and again, each time as somebody else, whose cache is empty.
  static func turns(_ model: LanguageModel, _ plan: Plan) async throws -> Turns {
    var results: [[GenerationResult]] = []
    for repetition in 0...plan.repetitions {
      results.append(try await conversation(model, Identity("turns \(repetition)")))
    }
    func turn(_ number: Int) throws -> Turn {
      let found = results.map { $0[number - 1] }
      func median(_ value: (Usage) -> Int) throws -> Int {
        Int(try measured(found.map { Double(value($0.usage)) }).median)
      }
      return Turn(
        number: number, promptTokens: try median(\.promptTokens),
        computedTokens: try median { $0.promptTokens - $0.cachedTokens },
        seconds: try measured(found.map(\.timings.timeToFirstToken)))
    }
    return Turns(second: try turn(2), last: try turn(turnCount))
  }

  private static func conversation(
    _ model: LanguageModel, _ identity: Identity
  ) async throws -> [GenerationResult] {
    var parameters = GenerationParameters()
    parameters.sampling = .greedy
    parameters.maximumTokens = 32
    let session = ChatSession(model: model, parameters: parameters, identity: identity)
    var results: [GenerationResult] = []
    for turn in 0..<turnCount {
      let question = "Tell me one more thing that few people know about the number \(turn), and why it is so."
      for try await event in session.respond(to: question) {
        if case .finished(let result) = event { results.append(result) }
      }
    }
    guard results.count == turnCount else {
      throw MinkeError(.numeric, "\(results.count) turns were answered; expected \(turnCount)")
    }
    return results
  }
}
