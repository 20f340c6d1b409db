internal import MinkeTensors

/// What a benchmark measures.
public struct BenchmarkPlan: Sendable, Equatable {
  /// Tokens of the prompt whose prefill is measured; 0 leaves prefill out.
  public var prompt = 512
  /// Tokens that each sequence decodes; 0 leaves decoding out.
  public var generate = 128
  /// Tokens that are in the cache before.
  public var depths = [0]
  /// Sequences that decode together, each with a cache of its own. One alone is measured at every depth, several
  /// at the smallest only.
  public var batches = [1]
  /// How often each test is measured.
  public var repetitions = 5

  public init() {}

  /// One thing that is measured.
  public struct Test: Sendable, Hashable {
    public enum Kind: String, Sendable, Codable {
      case prefill, decode
    }

    public var kind: Kind
    public var depth: Int
    /// Sequences that run together.
    public var batch: Int

    package init(_ kind: Kind, depth: Int, batch: Int = 1) {
      self.kind = kind
      self.depth = depth
      self.batch = batch
    }
  }
}

extension BenchmarkPlan {
  /// Beyond these a number is a mistake.
  public static let tokenLimit = 1 << 24
  public static let batchLimit = 512
  public static let repetitionLimit = 1000

  /// All tests, in the order in which they take turns; each once, however often a depth or batch is named.
  public var tests: [Test] {
    var tests: [Test] = []
    func add(_ test: Test) {
      if !tests.contains(test) { tests.append(test) }
    }
    for depth in depths where prompt > 0 { add(Test(.prefill, depth: depth)) }
    for batch in batches where generate > 0 {
      for depth in batch == 1 ? depths : [shallowest] { add(Test(.decode, depth: depth, batch: batch)) }
    }
    return tests
  }

  /// Where several sequences decode together.
  var shallowest: Int { depths.min() ?? 0 }
  var deepest: Int { depths.max() ?? 0 }

  /// Tokens that a test computes, of all its sequences together.
  func tokenCount(_ test: Test) -> Int {
    test.kind == .prefill ? prompt : generate * test.batch
  }

  /// Positions that the caches need which exist at the same time: the first serves all tests of one sequence.
  package var cacheCapacities: [Int] {
    let most = tests.map(\.batch).max() ?? 1
    let first = deepest + max(prompt, generate)
    return [first] + Array(repeating: shallowest + generate, count: max(most - 1, 0))
  }

  /// Tokens for which a memory estimate counts the caches: whole blocks of each.
  package var cachedTokens: Int {
    let block = KVCacheShape.blockLength
    return cacheCapacities.reduce(0) { $0 + ($1 + block - 1) / block * block }
  }
}

extension BenchmarkPlan {
  /// - Throws: ``MinkeError`` for a number out of its range, and when nothing is left to measure.
  public func validate() throws(MinkeError) {
    func check(_ name: String, _ values: [Int], _ range: ClosedRange<Int>) throws(MinkeError) {
      guard !values.isEmpty else {
        throw MinkeError(.parameters, "no \(name) is given; expected at least one")
      }
      if let value = values.first(where: { !range.contains($0) }) {
        throw MinkeError(
          .parameters, "the \(name) is \(value); expected \(range.lowerBound) to \(range.upperBound)")
      }
    }
    try check("prompt", [prompt], 0...Self.tokenLimit)
    try check("number of tokens to generate", [generate], 0...Self.tokenLimit)
    try check("depth", depths, 0...Self.tokenLimit)
    try check("batch", batches, 1...Self.batchLimit)
    try check("number of repetitions", [repetitions], 1...Self.repetitionLimit)
    guard prompt > 0 || generate > 0 else {
      throw MinkeError(
        .parameters, "the prompt and what is generated are 0 tokens; expected something to measure")
    }
  }

  /// - Throws: ``MinkeError`` when the model has not been trained on as many tokens as a test needs.
  package func validate(trained: Int) throws(MinkeError) {
    let needed = deepest + max(prompt, generate)
    guard needed <= trained else {
      throw MinkeError(
        .parameters,
        "a depth of \(deepest) and \(max(prompt, generate)) tokens more are \(needed); expected at most \(trained), "
          + "the model's context: take a smaller depth, prompt or number of tokens to generate")
    }
  }
}
