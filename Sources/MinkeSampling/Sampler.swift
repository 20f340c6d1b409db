/// Chooses the tokens of one sequence.
///
/// It keeps the context that the penalties need and buffers for one row of logits; choosing a token
/// allocates nothing once they have grown to their size. The order of the steps is documented at
/// ``SamplingParameters``. The n-th choice uses the n-th numbers of ``Philox`` under the seed, and depends on nothing
/// else but the logits and the tokens accepted.
///
/// So guessing ahead changes no text: the rows of a pass that verifies guesses are sampled one after the other, each
/// token is accepted, and the guesses count while they equal what was sampled. A second sampler that guesses with
/// another model's logits takes the same parameters and ``seed``; with the same ``drawCount`` it chooses as this one does
/// where the two distributions are close, above all where
/// they are truncated: see ``Candidates/raceWinner(_:_:)``.
///
/// ```swift
/// var sampler = try Sampler(parameters, vocabularySize: 151_936)
/// sampler.observePrompt(prompt)
/// let token = try sampler.sample(&logits).token
/// sampler.accept(token)
/// ```
package struct Sampler: ~Copyable {
  package let parameters: SamplingParameters
  package let vocabularySize: Int
  private let generator: Philox
  /// How many choices were made: the number of the next one. Greedy choices take none.
  package var drawCount: UInt64 = 0
  private var penalties: Penalties
  var blocks: LogitBlocks
  var candidates = Candidates(capacity: 1024)
  private var reporter: ProbabilityReporter?

  /// - Parameters:
  ///   - reportedCount: if given, ``sample(_:)`` also reports the log-probability of its token, and
  ///     ``topTokens`` holds this many most probable ones.
  ///   - breakerTokens: the tokens whose text contains one of DRY's sequence breakers.
  /// - Throws: as ``SamplingParameters/validate(vocabularySize:)`` does, or if the vocabulary is empty.
  package init(
    _ parameters: SamplingParameters, vocabularySize: Int, reportedCount: Int? = nil,
    breakerTokens: [Int32] = []
  ) throws(SamplingError) {
    guard (1...Int(Int32.max)).contains(vocabularySize) else {
      throw SamplingError(
        field: "vocabulary size", found: "\(vocabularySize)", expected: "1 to \(Int32.max)")
    }
    if let reportedCount, !(0...min(vocabularySize, ProbabilityReporter.maximumCount)).contains(reportedCount)
    {
      throw SamplingError(
        field: "top_logprobs", found: "\(reportedCount)",
        expected: "0 to \(min(vocabularySize, ProbabilityReporter.maximumCount))")
    }
    try parameters.validate(vocabularySize: vocabularySize)
    self.parameters = parameters
    self.vocabularySize = vocabularySize
    generator = Philox(seed: parameters.seed ?? UInt64.random(in: 0 ... .max))
    penalties = Penalties(parameters, vocabularySize: vocabularySize, breakerTokens: breakerTokens)
    blocks = LogitBlocks(vocabularySize: vocabularySize)
    reporter = reportedCount.map {
      ProbabilityReporter(count: $0, vocabularySize: vocabularySize, keepsLogits: penalties.isActive)
    }
  }

  /// The seed in use, also where the parameters left it to the system.
  package var seed: UInt64 { generator.seed }

  /// The most probable tokens at the last ``sample(_:)``, most probable first, by the model's own
  /// distribution: before bias, penalties and temperature.
  package var topTokens: [TokenProbability] { reporter?.top ?? [] }

  /// Records the prompt, which the repetition penalty and DRY look at too.
  package mutating func observePrompt(_ tokens: some Sequence<Int32>) {
    for token in tokens { penalties.append(token, isGenerated: false) }
  }

  /// Records a token of the answer, whether it was sampled or forced.
  package mutating func accept(_ token: Int32) {
    penalties.append(token, isGenerated: true)
  }

  /// Takes back the last tokens that were accepted, such as guesses that came to nothing. ``drawCount`` stays.
  package mutating func retract(_ tokens: some BidirectionalCollection<Int32>) {
    for token in tokens.reversed() { penalties.removeLast(token) }
  }

  /// Chooses the next token.
  ///
  /// - Parameter logits: one per token of the vocabulary; −∞ excludes a token. Bias and penalties are
  ///   applied in place.
  /// - Throws: if their number is wrong, one is NaN or +∞, or none is finite.
  package mutating func sample(_ logits: inout MutableSpan<Float>) throws(SamplingError) -> SampledToken {
    try prepare(&logits)
    let token = choose(logits.span)
    return SampledToken(
      token: Int32(truncatingIfNeeded: token),
      logProbability: reporter?.logProbability(of: token, in: logits.span))
  }

  /// As ``sample(_:)`` for logits in a buffer, which must stay valid for the call.
  @unsafe
  package mutating func sample(
    _ logits: UnsafeMutableBufferPointer<Float>
  ) throws(SamplingError) -> SampledToken {
    var span = unsafe logits.mutableSpan
    return try sample(&span)
  }

  /// Applies the steps before the temperature and finds the maxima of the blocks.
  mutating func prepare(_ logits: inout MutableSpan<Float>) throws(SamplingError) {
    guard logits.count == vocabularySize else {
      throw SamplingError(
        field: "logits.count", found: "\(logits.count)", expected: "the vocabulary's size \(vocabularySize)")
    }
    if reporter != nil { try reporter?.observe(logits.span, &blocks) }
    if penalties.isActive { penalties.apply(to: &logits) }
    if penalties.isActive || reporter == nil { try blocks.scan(logits.span) }
  }

  /// The reciprocal of the temperature; the least ones would make it, or its product with a difference
  /// of logits, infinite.
  var scale: Float { min(1 / parameters.temperature, 1e6) }

  private mutating func choose(_ logits: borrowing Span<Float>) -> Int {
    guard parameters.temperature > 0 else { return blocks.indexOfMaximum(in: logits) }
    defer { drawCount &+= 1 }
    candidates.seedPivots(drawCount)
    guard truncate(logits, scale: scale) else {
      let total = blocks.sumExponentials(of: logits, scale: scale)
      return blocks.token(at: generator.uniform(at: drawCount) * total, in: logits, scale: scale)
    }
    return candidates.raceWinner(generator, drawCount)
  }
}

/// What ``Sampler/sample(_:)`` chose.
package struct SampledToken: Sendable, Equatable {
  package let token: Int32
  /// Under the model's own distribution, if the sampler was asked to report it.
  package let logProbability: Float?
}
