internal import CMinkeKernels

/// Where things lie in a key/value cache, in bytes: of each group of layers
/// `[block of 64 positions][layer of the group][head]{ keys, values }`, these as the kernels lay them out.
///
/// Keys lie across, so that the scores of sixteen positions are sums down the dimensions in sixteen lanes.
struct KVCacheLayout: Sendable {
  /// Raised where a block's bytes come to mean something else: what was saved is known by it. They depend on the shape alone,
  /// not on the instruction set.
  static let version = 1

  /// Bytes of the keys of one head in one block; the values follow. 0 where keys hold the values.
  let valueOffset: Int
  let headStride: Int
  let layerStride: Int
  /// Of each group; multiples of 64, as all of these are.
  let blockStrides: [Int]

  /// Nil when the sizes overflow, or something has no extent.
  init?(_ shape: KVCacheShape) {
    guard (1...1 << 20).contains(shape.headDimension), shape.headCount > 0, !shape.groups.isEmpty,
      shape.groups.allSatisfy({ $0.layerCount > 0 && $0.window ?? 1 > 0 })
    else { return nil }
    let keyBytes = minke_key_bytes(shape.headDimension, shape.keyElement.kernelElement)
    if let length = shape.latentValueDimension {
      guard (1...shape.headDimension).contains(length) else { return nil }
      valueOffset = 0
      headStride = keyBytes
    } else {
      valueOffset = keyBytes
      headStride = keyBytes + minke_value_bytes(shape.headDimension, shape.valueElement.kernelElement)
    }
    let (layer, overflow) = headStride.multipliedReportingOverflow(by: shape.headCount)
    guard !overflow else { return nil }
    layerStride = layer
    var strides: [Int] = []
    for group in shape.groups {
      let (block, overflow) = layer.multipliedReportingOverflow(by: group.layerCount)
      guard !overflow else { return nil }
      strides.append(block)
    }
    blockStrides = strides
  }
}
