internal import CMinkeKernels

/// A trivial, unowned view of a ``KVCache``.
@safe
package struct KVCacheView {
  private let groups: UnsafePointer<KVGroupView>
  private let groupCount: Int
  /// Bytes from a head's keys to its values in a block; 0 where keys hold the values.
  let valueOffset: Int
  package let headDimension: Int
  package let valueDimension: Int
  package let headCount: Int
  package let capacity: Int
  let keyElement: minke_cache_element
  let valueElement: minke_cache_element
  /// What the sequence has beside keys and values; nil where its model has nothing of the kind.
  package let state: UnsafeMutablePointer<Float>?

  init(
    groups: UnsafePointer<KVGroupView>, groupCount: Int, valueOffset: Int, headDimension: Int,
    valueDimension: Int, headCount: Int, capacity: Int, keyElement: minke_cache_element,
    valueElement: minke_cache_element, state: UnsafeMutablePointer<Float>?
  ) {
    unsafe self.groups = groups
    self.groupCount = groupCount
    self.valueOffset = valueOffset
    self.headDimension = headDimension
    self.valueDimension = valueDimension
    self.headCount = headCount
    self.capacity = capacity
    self.keyElement = keyElement
    self.valueElement = valueElement
    unsafe self.state = state
  }

  /// Whether keys hold the values.
  var isLatent: Bool { valueOffset == 0 }

  /// The group of a layer, which must have that layer.
  func group(of place: KVLayerPlace) -> KVGroupView {
    precondition(place.group >= 0 && place.group < groupCount, "a group of the cache")
    let group = unsafe groups[place.group]
    precondition(place.layer >= 0 && place.layer < group.layerCount, "a layer of the group")
    return group
  }
}

/// A trivial, unowned view of what a sequence has of one group of layers.
@safe
struct KVGroupView {
  /// Block 0 of the pool.
  let base: UnsafeMutableRawPointer
  /// Which block of the pool holds 64 positions of the sequence.
  let blocks: UnsafePointer<Int32>
  let blockStride: Int
  let layerStride: Int
  let headStride: Int
  let layerCount: Int

  /// The part of block 0 of the pool that is a head's of a layer.
  func head(_ head: Int, layer: Int) -> UnsafeMutableRawPointer {
    unsafe base + layer * layerStride + head * headStride
  }
}
