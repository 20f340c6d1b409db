internal import MinkeEngine
internal import MinkeGrammar
internal import MinkeSampling
internal import MinkeTensors
internal import MinkeTokenizers

/// An answer that is kept to a grammar, or the same tokens again without one, and the time that the grammar takes.
final class MaskedSequence: SequenceDriver, @unchecked Sendable {
  // Sendable by hand: after it is made it is touched on the engine's queue only.

  struct Times: Sendable {
    /// The answer, without the token that ended it.
    var tokens: [TokenID]
    /// When the first token was about to be chosen, and when the last had been.
    var start: ContinuousClock.Instant
    var end: ContinuousClock.Instant
    /// The time between them that went into masks and into following the grammar.
    var maskSeconds: Double

    var seconds: Double { (end - start).seconds }
    /// Tokens a second: those after the first.
    var rate: Double { Double(tokens.count - 1) / seconds }
  }

  /// Tokens at most.
  private static let limit = 256

  private var constraint: AnswerConstraint?
  /// What is written whatever is sampled; nil: what is sampled.
  private let script: [TokenID]?
  private var sampler: Sampler
  private let endTokens: Set<TokenID>
  private let clock = ContinuousClock()
  private var tokens: [TokenID] = []
  private var span: (start: ContinuousClock.Instant, end: ContinuousClock.Instant)?
  private var masked = Duration.zero
  private let done: CheckedContinuation<Times, any Error>

  /// - Parameters:
  ///   - grammar: nil where nothing is to be kept to.
  ///   - script: the tokens of an answer that is written again.
  static func run(
    _ model: LanguageModel, _ prompt: [TokenID], seed: UInt64, _ grammar: Grammar? = nil,
    script: [TokenID]? = nil
  ) async throws -> Times {
    let sampling = Self.sampling(seed)
    let constraint = try grammar.map {
      try AnswerConstraint($0, model.grammarVocabulary.value(model), opener: nil, space: [])
    }
    return try await withCheckedThrowingContinuation { continuation in
      do {
        let driver = MaskedSequence(
          try Sampler(sampling, vocabularySize: model.information.vocabularySize), constraint, script,
          model.endTokens, continuation)
        // Guesses would hide what one token takes.
        try model.engine.submit(EngineRequest(prompt, speculates: false), driver)
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  private static func sampling(_ seed: UInt64) -> SamplingParameters {
    var sampling = SamplingParameters()
    (sampling.temperature, sampling.topP, sampling.seed) = (0.7, 0.9, seed)
    return sampling
  }

  private init(
    _ sampler: consuming Sampler, _ constraint: AnswerConstraint?, _ script: [TokenID]?,
    _ endTokens: Set<TokenID>, _ done: CheckedContinuation<Times, any Error>
  ) {
    self.sampler = sampler
    self.constraint = constraint
    self.script = script
    self.endTokens = endTokens
    self.done = done
  }

  func prefilled(_ done: Int, of total: Int) {}

  func next(_ logits: UnsafeMutableBufferPointer<Float>) throws -> NextTokens {
    let begin = clock.now
    unsafe try constraint?.apply(to: logits)
    masked += clock.now - begin
    let sampled = unsafe try sampler.sample(logits).token
    defer { span = (span?.start ?? begin, clock.now) }
    if let script, tokens.count == script.count { return .end }
    let token = script?[tokens.count] ?? sampled
    if endTokens.contains(token) { return .end }
    let chosen = clock.now
    try constraint?.accept(token)
    masked += clock.now - chosen
    tokens.append(token)
    return tokens.count < Self.limit ? .one(token) : .end
  }

  func ended(_ ending: SequenceEnding) {
    if case .failed(let error) = ending { return done.resume(throwing: error) }
    guard let span, tokens.count > 1 else {
      return done.resume(
        throwing: MinkeError(.numeric, "the answer has \(tokens.count) tokens; expected at least 2"))
    }
    done.resume(
      returning: Times(tokens: tokens, start: span.start, end: span.end, maskSeconds: masked.seconds))
  }
}
