internal import MinkeModels
internal import MinkeTensors

/// Carries out what was planned: moves blocks, runs the model. The one part of the engine that touches memory.
final class ModelRunner {
  let transformer: Transformer
  let workspace: Workspace
  let pool: KVPool
  private let capacity: Int
  /// By sequence.
  private var caches: [Int: KVCache] = [:]
  private var batch: [SequenceInput] = []

  /// - Parameters:
  ///   - groups: what a block of each of the shape's groups counts for.
  ///   - capacity: positions of one sequence.
  init(
    _ transformer: Transformer, _ limits: Workspace.Limits, _ shape: KVCacheShape, _ groups: [BlockGroup],
    byteLimit: Int, capacity: Int
  ) throws {
    self.transformer = transformer
    self.capacity = capacity
    workspace = try transformer.makeWorkspace(limits)
    pool = try KVPool(shape, blockCounts: groups.map { max(1, byteLimit / $0.byteCount) })
  }

  /// Whether sequences of the model can share blocks and be cut back: those with a state cannot.
  static func sharesBlocks(_ shape: KVCacheShape) -> Bool { shape.stateCount == 0 }

  func copy(_ copies: [BlockCopy]) {
    for copy in copies { pool.copy(copy.source, to: copy.target, group: copy.group) }
  }

  func release(_ places: [BlockPlace]) {
    for place in places { pool.release(CollectionOfOne(place.block), group: place.group) }
  }

  /// Forgets a sequence that has ended or made room.
  func drop(_ sequence: TokenSequence) { caches[sequence.id] = nil }

  /// Runs slices of sequences in one pass.
  ///
  /// - Returns: logits, slice after slice; overwritten by the next pass.
  func run(_ slices: ArraySlice<StepPlan.Slice>) throws -> Rows {
    // The batch must not hold on to tokens that are appended to later.
    defer { batch.removeAll(keepingCapacity: true) }
    for slice in slices {
      let sequence = slice.sequence
      let cache = try cache(of: sequence)
      var tokens = sequence.tokens[sequence.computed..<sequence.computed + slice.count]
      tokens += sequence.drafts.prefix(slice.draftCount)
      batch.append(SequenceInput(tokens, cache: cache, logitCount: slice.logitCount))
    }
    return try transformer.forward(batch, in: workspace)
  }

  /// The sequence's view of its blocks, as its table says.
  private func cache(of sequence: TokenSequence) throws(TensorError) -> KVCache {
    let cache: KVCache
    if let known = caches[sequence.id] {
      cache = known
    } else {
      cache = try KVCache(pool: pool, capacity: capacity)
      caches[sequence.id] = cache
      sequence.table.changedFrom = 0
    }
    let blocks = sequence.table.blocks
    for index in min(sequence.table.changedFrom, blocks.count)..<blocks.count {
      for group in pool.shape.groups.indices {
        let block = blocks[index][group]
        cache.setBlock(block < 0 ? nil : block, at: index, group: group)
      }
    }
    sequence.table.changedFrom = blocks.count
    // Drafts that were not accepted are forgotten.
    cache.count = sequence.computed
    return cache
  }
}

extension BlockManager {
  /// Positions of one block.
  package static var blockLength: Int { KVCacheShape.blockLength }
}

extension BlockGroup {
  /// The groups of a cache.
  static func groups(of shape: KVCacheShape) -> [BlockGroup] {
    shape.groups.indices.map { index in
      var one = shape
      one.groups = [shape.groups[index]]
      // A shape that a model has, has an extent.
      let bytes = one.byteCount(capacity: KVCacheShape.blockLength) ?? 1
      return BlockGroup(byteCount: max(bytes, 1), window: shape.groups[index].window)
    }
  }
}
