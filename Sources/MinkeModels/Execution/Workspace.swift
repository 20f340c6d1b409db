internal import MinkeTensors

/// Activations, logits and tables that forward passes of one model work in: made once, used by one pass
/// at a time, so that a pass allocates nothing.
@safe
package final class Workspace {
  /// The largest batch.
  package struct Limits: Sendable, Hashable {
    /// Tokens of one pass, of all sequences together.
    package var rows: Int
    /// Tokens of one pass whose logits are computed.
    package var logitRows: Int

    package init(rows: Int = 512, logitRows: Int = 32) {
      self.rows = rows
      self.logitRows = logitRows
    }
  }

  package let limits: Limits
  /// Threads that may work in it.
  package let threadCount: Int
  /// Bytes reserved; memory is taken up as far as batches reach.
  package var byteCount: Int { arena.byteCount }

  let configuration: ModelConfiguration
  /// Of any types of keys and values.
  let cacheShape: KVCacheShape
  let rotary: RotaryTable
  let localRotary: RotaryTable
  let attentionScratch: AttentionScratch
  private let arena: Arena
  private let hidden, branch, queries, keys, values, logits: Rows
  private let normed, attended, gated: MatmulInput
  private let latent: LatentRows?
  private let linear: LinearRows?
  let tokens: UnsafeMutablePointer<Int32>
  let logitRows: UnsafeMutablePointer<Int32>
  let slices: UnsafeMutablePointer<SequenceSlice>
  private let experts: ExpertRows?
  /// One for each worker.
  let workerRows: [WorkerRows]

  /// - Throws: ``ModelError`` for limits without extent, ``TensorError`` when memory is refused.
  init(
    _ configuration: ModelConfiguration, _ limits: Limits, rotary divisors: [Float]?, threadCount: Int
  ) throws {
    guard limits.rows > 0, limits.logitRows > 0,
      let bytes = Self.byteCount(configuration, limits, threadCount: threadCount)
    else {
      throw ModelError(
        .memory, "workspace", found: "\(limits.rows) rows, \(limits.logitRows) with logits",
        expected: "positive numbers whose activations fit the address space")
    }
    self.configuration = configuration
    cacheShape = configuration.cacheShape()
    self.limits = limits
    self.threadCount = threadCount
    let arena = try Arena(byteCount: bytes, for: "workspace")
    self.arena = arena
    func rows(_ width: Int) throws -> Rows { try arena.rows(count: limits.rows, width: width) }
    func input(_ width: Int) throws -> MatmulInput { try arena.matmulInput(count: limits.rows, width: width) }
    let attention = configuration.attention
    hidden = try rows(configuration.hiddenSize)
    branch = try rows(configuration.hiddenSize)
    normed = try input(configuration.hiddenSize)
    queries = try rows(attention.queryWidth)
    keys = try rows(attention.keyWidth)
    values = try rows(attention.keyWidth)
    attended = try input(attention.outputWidth)
    gated = try input(configuration.widestFeedForward)
    logits = try arena.rows(count: limits.logitRows, width: configuration.vocabularySize)
    unsafe tokens = try arena.allocate(Int32.self, count: limits.rows)
    unsafe logitRows = try arena.allocate(Int32.self, count: limits.logitRows)
    rotary = try configuration.rotary.table(capacity: limits.rows, dividedBy: divisors)
    localRotary =
      configuration.localRotary == configuration.rotary
      ? rotary : try configuration.localRotary.table(capacity: limits.rows, dividedBy: nil)
    attentionScratch = try AttentionScratch(
      headDimension: configuration.cachedKeyLength, workerCount: threadCount)
    latent = try configuration.latent.map {
      try LatentRows(arena, $0, headCount: attention.headCount, rows: limits.rows)
    }
    linear = try configuration.linear.map { _ in
      try LinearRows(arena, width: attention.queryWidth, rows: limits.rows)
    }
    let experts = try configuration.experts.map {
      try ExpertRows(arena, $0, hiddenSize: configuration.hiddenSize, rows: limits.rows)
    }
    self.experts = experts
    workerRows = try (0..<threadCount).map { _ in
      let groups = try configuration.experts.map {
        try ExpertRows.groups(arena, $0, rows: limits.rows)
      }
      return try WorkerRows(arena, configuration, groups: groups)
    }
    unsafe slices = .allocate(capacity: limits.rows)
  }

  deinit {
    // Slices are trivial: nothing to deinitialise.
    unsafe slices.deallocate()
  }
}

extension Workspace {
  /// Bytes of the activations, nil when they overflow.
  static func byteCount(_ configuration: ModelConfiguration, _ limits: Limits, threadCount: Int) -> Int? {
    let attention = configuration.attention
    let (hidden, feedForward) = (configuration.hiddenSize, configuration.widestFeedForward)
    let widths = [
      hidden, hidden, hidden, attention.queryWidth, attention.outputWidth, attention.keyWidth,
      attention.keyWidth, feedForward,
    ]
    let parts =
      widths.map { Arena.byteCount(rows: limits.rows, width: $0) }
      + [hidden, attention.outputWidth, feedForward].map {
        MatmulInput.byteCount(tokens: limits.rows, width: $0)
      }
      + [
        Arena.byteCount(rows: limits.logitRows, width: configuration.vocabularySize),
        limits.rows.multipliedSaturated(by: MemoryLayout<Int32>.stride),
        limits.logitRows.multipliedSaturated(by: MemoryLayout<Int32>.stride),
      ] + (0..<threadCount).flatMap { _ in WorkerRows.parts(configuration) }
      + (configuration.latent.map {
        LatentRows.parts($0, headCount: attention.headCount, rows: limits.rows)
      } ?? [])
      + (configuration.linear.map { _ in LinearRows.parts(width: attention.queryWidth, rows: limits.rows) }
        ?? [])
      + (configuration.experts.map {
        ExpertRows.parts($0, hiddenSize: hidden, rows: limits.rows, threadCount: threadCount)
      } ?? [])
    var total = 0
    for part in parts {
      guard let part else { return nil }
      total = total.addingSaturated(part).addingSaturated(Arena.alignment)
    }
    return total == .max ? nil : total
  }

  /// Where a pass over `rows` tokens leaves their embeddings: nobody reads norms any more when they are written.
  func embeddings(rows: Int) -> Rows { normed.floats.rows(0..<rows) }

  /// The views of a pass over `rows` tokens in `slices` slices, `logitRows` of them with logits.
  func pass(rows: Int, slices count: Int, logitRows logitCount: Int) -> ForwardPass {
    return unsafe ForwardPass(
      slices: UnsafeBufferPointer(start: slices, count: count), tokens: tokens,
      hidden: hidden.rows(0..<rows), normed: normed.first(rows), branch: branch.rows(0..<rows),
      queries: queries.rows(0..<rows), rotated: queries.rows(0..<rows), keys: keys.rows(0..<rows),
      values: values.rows(0..<rows), attended: attended.first(rows), gated: gated.first(rows),
      latent: latent?.first(rows), linear: linear?.first(rows), experts: experts?.first(rows),
      logitRows: logitRows, headInput: normed.first(logitCount), logits: logits.rows(0..<logitCount),
      rotary: rotary, localRotary: localRotary, attentionScratch: attentionScratch)
  }
}

extension RotaryEmbedding {
  fileprivate func table(capacity: Int, dividedBy divisors: [Float]?) throws(TensorError) -> RotaryTable {
    try RotaryTable(
      style: layout == .interleaved ? .interleaved : .halves, frequencies: frequencies(dividedBy: divisors),
      attentionFactor: magnitude, capacity: capacity)
  }
}
