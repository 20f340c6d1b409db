internal import CMinkeKernels

/// What a key/value cache holds for each position of a sequence.
package struct KVCacheShape: Sendable, Equatable {
  /// One or two groups of layers, none of them empty.
  package var groups: [KVLayerGroup]
  /// Heads of keys and values; each serves a group of query heads.
  package var headCount: Int
  /// Numbers of one key, and of one value where it has a place of its own.
  package var headDimension: Int
  /// How many of the first numbers of a key are its value, which then has no place of its own: latent attention
  /// (arXiv:2405.04434).
  package var latentValueDimension: Int?
  package var keyElement: CacheElement
  /// The element of keys where these hold the values.
  package var valueElement: CacheElement
  /// Floats of state that a sequence has beside its keys and values, zero at its beginning.
  package var stateCount: Int

  package init(
    groups: [KVLayerGroup], headCount: Int, headDimension: Int, latentValueDimension: Int? = nil,
    keyElement: CacheElement = .f16, valueElement: CacheElement = .f16, stateCount: Int = 0
  ) {
    self.groups = groups
    self.headCount = headCount
    self.headDimension = headDimension
    self.latentValueDimension = latentValueDimension
    self.keyElement = keyElement
    self.valueElement = latentValueDimension == nil ? valueElement : keyElement
    self.stateCount = stateCount
  }

  /// Layers of all groups.
  package var layerCount: Int { groups.reduce(0) { $0 + $1.layerCount } }

  /// Numbers of one value.
  package var valueDimension: Int { latentValueDimension ?? headDimension }

  /// Positions of one block: the unit in which memory is laid out, shared and given up.
  package static var blockLength: Int { Int(MINKE_KV_BLOCK) }

  /// Blocks that so many positions from the first take.
  package static func blockCount(_ positions: Int) -> Int {
    positions / blockLength + (positions.isMultiple(of: blockLength) ? 0 : 1)
  }
}

// MARK: Sizes

extension KVCacheShape {
  /// Bytes that a context of `capacity` positions takes when it is full and nothing of it is given up, or nil when they
  /// overflow or the shape has no extent.
  package func byteCount(capacity: Int) -> Int? {
    guard capacity > 0 else { return nil }
    return byteCount { _ in Self.blockCount(capacity) }
  }

  /// Bytes that a sequence of `positions` positions takes at most where blocks behind the window of a group are given up
  /// between passes of at most `rows` rows; nil as for ``byteCount(capacity:)``.
  package func byteCount(positions: Int, keepingWindow rows: Int) -> Int? {
    guard positions > 0 else { return nil }
    return byteCount { $0.blockCount(positions: positions, keepingWindow: rows) }
  }

  private func byteCount(_ blocks: (KVLayerGroup) -> Int) -> Int? {
    guard let layout = KVCacheLayout(self) else { return nil }
    var total = 0
    for (group, stride) in zip(groups, layout.blockStrides) {
      let (bytes, tooLarge) = blocks(group).multipliedReportingOverflow(by: stride)
      let (sum, overflow) = total.addingReportingOverflow(bytes)
      guard !tooLarge, !overflow else { return nil }
      total = sum
    }
    return total
  }

  /// Bytes of the state, or nil when they overflow.
  package var stateByteCount: Int? {
    let (bytes, overflow) = stateCount.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    return overflow || stateCount < 0 ? nil : bytes
  }
}
