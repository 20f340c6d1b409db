extension KVCache {
  /// The state of ``seenCount`` positions, as it may be kept elsewhere; nil where the model has none.
  package var stateBytes: UnsafeRawBufferPointer? {
    unsafe state.map { unsafe UnsafeRawBufferPointer(start: $0.base, count: pool.shape.stateByteCount ?? 0) }
  }

  /// Takes over a state of `seenCount` positions that ``stateBytes`` of a cache of the same shape have been; ``count`` stays
  /// the caller's to set.
  package func setState(_ bytes: UnsafeRawBufferPointer, seenCount: Int) {
    guard let state else { return }
    precondition(bytes.count == pool.shape.stateByteCount && seenCount >= 0, "a state of this shape")
    unsafe UnsafeMutableRawBufferPointer(start: state.base, count: bytes.count).copyMemory(from: bytes)
    self.seenCount = seenCount
  }

  /// Takes over the state of another sequence, of a cache of the same shape.
  package func copyState(from other: KVCache) {
    guard other !== self, let bytes = unsafe other.stateBytes else { return }
    unsafe setState(bytes, seenCount: other.seenCount)
  }
}
