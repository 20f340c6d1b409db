internal import CMinkeKernels

/// A root mean square norm of each head, whose weight `[headDimension]` must outlive it.
@safe
package struct HeadNorm {
  let weight: UnsafePointer<Float>
  let epsilon: Float

  package init(weight: UnsafePointer<Float>, epsilon: Float) {
    unsafe self.weight = weight
    self.epsilon = epsilon
  }
}

/// Writes the keys and values of a batch, each `[count, KV heads · headDimension]`, to one layer of their
/// sequences' caches, at the positions of their slices, whose blocks must be there. ``KVCache/count`` is the
/// caller's to raise.
///
/// Keys are normalised and rotated first, in place, when `norm` and `rotary` say so: no barrier is needed between.
/// Pairs of a KV head and sixteen positions (a tile of keys) are split among the workers.
///
/// - Parameters:
///   - values: nil where the cache's keys hold them.
///   - rotary: Its row `i` belongs to row `i` of the batch.
package func appendKeysValues(
  keys: Rows, values: Rows?, slices: UnsafeBufferPointer<SequenceSlice>, place: KVLayerPlace,
  norm: HeadNorm? = nil, rotary: RotaryTable? = nil, worker: Worker
) {
  let tile = Int(MINKE_KV_TILE)
  for number in 0..<slices.count {
    let slice = unsafe slices[number]
    let cache = slice.cache
    precondition(keys.width == cache.headCount * cache.headDimension)
    precondition(values.map { $0.width == keys.width && $0.count == keys.count } ?? cache.isLatent)
    precondition(slice.firstRow + slice.rowCount <= keys.count)
    precondition(rotary.map { $0.dimensions <= cache.headDimension && keys.count <= $0.capacity } ?? true)
    guard slice.rowCount > 0 else { continue }
    let group = cache.group(of: place)
    let end = slice.position + slice.rowCount
    let firstTile = slice.position / tile
    let tiles = (end - 1) / tile - firstTile + 1
    forEachHead(rows: tiles, heads: cache.headCount, worker: worker) { index, head in
      let start = (firstTile + index) * tile
      for position in max(start, slice.position)..<min(start + tile, end) {
        let row = slice.firstRow + position - slice.position
        let offset = head * cache.headDimension
        let key = unsafe keys[row] + offset
        if let norm {
          unsafe minke_vector().pointee.rms_norm(key, norm.weight, key, cache.headDimension, norm.epsilon)
        }
        if let rotary { unsafe rotary.rotate(key, row: row) }
        unsafe cache.store(
          key: key, value: values.map { unsafe $0[row] + offset }, in: group.head(head, layer: place.layer),
          of: group, position: position)
      }
    }
  }
}

extension KVCacheView {
  /// Writes a key and its value to a head, whose part of block 0 of the pool is given.
  fileprivate func store(
    key: UnsafePointer<Float>, value: UnsafePointer<Float>?, in head: UnsafeMutableRawPointer,
    of group: KVGroupView, position: Int
  ) {
    let (index, offset) = position.quotientAndRemainder(dividingBy: KVCacheShape.blockLength)
    let keys = unsafe head + Int(group.blocks[index]) * group.blockStride
    let kernels = unsafe minke_vector()
    unsafe kernels.pointee.store_key(key, keys, offset, headDimension, keyElement)
    if let value = unsafe value {
      unsafe kernels.pointee.store_value(value, keys + valueOffset, offset, headDimension, valueElement)
    }
  }
}
