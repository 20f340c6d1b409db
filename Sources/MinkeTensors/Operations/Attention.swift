internal import CMinkeKernels

/// What attention needs to know beside queries, keys and values.
package struct AttentionParameters: Sendable {
  /// Query heads; a multiple of the cache's KV heads.
  package var headCount: Int
  /// Factor of the scores, usually `1 / √headDimension`.
  package var scale: Float
  /// Scores become `softCap · tanh(score / softCap)`.
  package var softCap: Float?
  /// Positions that a query sees, its own included; nil for all.
  package var window: Int?

  package init(headCount: Int, scale: Float, softCap: Float? = nil, window: Int? = nil) {
    self.headCount = headCount
    self.scale = scale
    self.softCap = softCap
    self.window = window
  }
}

/// Memory that ``attention(_:slices:place:parameters:scratch:into:worker:)`` works in, for one region at a
/// time.
@safe
package final class AttentionScratch: @unchecked Sendable {
  // Sendable by hand: each worker has its own part; partial results are written apart, then read after a
  // barrier.

  private let memory: Arena
  fileprivate let tiles: UnsafeMutablePointer<Float>
  fileprivate let tileStride: Int
  fileprivate let partials: UnsafeMutablePointer<Float>
  fileprivate let partialStride: Int
  fileprivate let partialCapacity: Int
  fileprivate let workerCount: Int
  fileprivate let headDimension: Int

  /// - Parameter partialCapacity: partial results there is room for. When they do not suffice, long contexts
  ///   are not split among workers; results stay the same.
  package init(
    headDimension: Int, workerCount: Int, partialCapacity: Int = defaultPartialCapacity
  ) throws(TensorError) {
    precondition(headDimension > 0 && workerCount > 0 && partialCapacity >= 0)
    self.headDimension = headDimension
    self.workerCount = workerCount
    self.partialCapacity = partialCapacity
    (tileStride, partialStride) = Self.strides(headDimension)
    memory = try Arena(
      byteCount: Self.byteCount(
        headDimension: headDimension, workerCount: workerCount, partialCapacity: partialCapacity),
      for: "attention scratch")
    unsafe tiles = try memory.allocate(Float.self, count: workerCount * tileStride)
    unsafe partials = try memory.allocate(Float.self, count: partialCapacity * partialStride)
  }
}

extension AttentionScratch {
  package static let defaultPartialCapacity = 2048

  /// Bytes of address space that a scratch takes; for memory estimates.
  package static func byteCount(
    headDimension: Int, workerCount: Int, partialCapacity: Int = defaultPartialCapacity
  ) -> Int {
    let (tile, partial) = strides(headDimension)
    return (workerCount * tile + partialCapacity * partial) * MemoryLayout<Float>.stride + 2 * Arena.alignment
  }

  /// Floats of one worker's tile, and of one partial result.
  private static func strides(_ headDimension: Int) -> (tile: Int, partial: Int) {
    ((minke_attention_scratch_count(headDimension) + 31) & -16, minke_attention_partial_count(headDimension))
  }
}

/// Causal attention of a batch to one layer of its sequences' caches, whose keys and values of these rows
/// have been written (``appendKeysValues(keys:values:slices:place:norm:rotary:worker:)``).
///
/// Query heads that share a KV head are computed together. Sums are float32 and in an order that depends on
/// positions alone, so a row's result is the same bit for bit in any batch and with any number of workers.
///
/// All workers of a region call it; it may synchronise them between its two steps.
///
/// - Parameters:
///   - queries: `[count, headCount · headDimension]`, rotated.
///   - output: `[count, headCount · valueDimension]`; not `queries`.
package func attention(
  _ queries: Rows, slices: UnsafeBufferPointer<SequenceSlice>, place: KVLayerPlace,
  parameters: AttentionParameters, scratch: AttentionScratch, into output: Rows, worker: Worker
) {
  precondition(queries.count == output.count)
  precondition(worker.count <= scratch.workerCount && (parameters.window ?? 1) > 0)
  var plan = unsafe AttentionPlan(slices: slices, parameters: parameters, splitsChunks: false)
  if worker.count > 1, plan.longestChunks > 1, plan.itemCount < 4 * worker.count {
    let split = unsafe AttentionPlan(slices: slices, parameters: parameters, splitsChunks: true)
    if split.itemCount <= scratch.partialCapacity { plan = split }
  }
  let ownScratch = unsafe scratch.tiles + worker.index * scratch.tileStride
  plan.forEach(in: worker) { item in
    let partials = unsafe plan.splitsChunks ? scratch.partials + item.index * scratch.partialStride : nil
    var call = unsafe kernelCall(item, queries, place, parameters, output, ownScratch, partials)
    unsafe minke_vector().pointee.attention(&call)
  }
  guard plan.splitsChunks else { return }
  worker.synchronize()
  plan.forEachTile(in: worker) { item in
    let partials = unsafe scratch.partials + item.index * scratch.partialStride
    var call = unsafe kernelCall(item, queries, place, parameters, output, ownScratch, partials)
    unsafe minke_vector().pointee.attention_merge(&call, partials, item.chunks.count)
  }
}

/// The kernel's view of one item of work.
private func kernelCall(
  _ item: AttentionPlan.Item, _ queries: Rows, _ place: KVLayerPlace, _ parameters: AttentionParameters,
  _ output: Rows, _ scratch: UnsafeMutablePointer<Float>, _ partials: UnsafeMutablePointer<Float>?
) -> minke_attention {
  let slice = item.slice
  let cache = slice.cache
  let group = parameters.headCount / cache.headCount
  precondition(queries.width == parameters.headCount * cache.headDimension)
  precondition(output.width == parameters.headCount * cache.valueDimension)
  precondition(slice.firstRow + slice.rowCount <= queries.count)
  let layers = cache.group(of: place)
  let firstHead = item.head * group
  return unsafe minke_attention(
    queries: queries[slice.firstRow] + firstHead * cache.headDimension, query_stride: queries.stride,
    output: output[slice.firstRow] + firstHead * cache.valueDimension, output_stride: output.stride,
    group: group, head_dim: cache.headDimension, value_dim: cache.valueDimension,
    first_query: item.queries.lowerBound, query_count: item.queries.count,
    position: slice.position, window: parameters.window ?? 0,
    scale: parameters.scale, soft_cap: parameters.softCap ?? 0,
    cache: layers.head(item.head, layer: place.layer).assumingMemoryBound(to: UInt8.self),
    blocks: layers.blocks, block_stride: layers.blockStride, value_offset: cache.valueOffset,
    key_element: cache.keyElement, value_element: cache.valueElement,
    first_chunk: item.chunks.lowerBound, end_chunk: item.chunks.upperBound,
    scratch: scratch, partials: partials)
}
