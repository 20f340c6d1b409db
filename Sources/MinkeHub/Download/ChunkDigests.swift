/// The SHA-256 of each chunk of a file, as far as they are known: 32 bytes a chunk.
package struct ChunkDigests: Equatable, Sendable {
  package let plan: RangePlan
  private var bytes: [UInt8]
  private var isKnown: [Bool]
  /// How many are known.
  package private(set) var count = 0

  package init(plan: RangePlan) {
    self.plan = plan
    bytes = [UInt8](repeating: 0, count: plan.chunkCount * 32)
    isKnown = [Bool](repeating: false, count: plan.chunkCount)
  }

  package subscript(chunk: Int) -> SHA256Digest? {
    get {
      guard isKnown.indices.contains(chunk), isKnown[chunk] else { return nil }
      return SHA256Digest(bytes: bytes[chunk * 32..<(chunk + 1) * 32])
    }
    set {
      guard isKnown.indices.contains(chunk) else { return }
      if isKnown[chunk] != (newValue != nil) { count += newValue == nil ? -1 : 1 }
      isKnown[chunk] = newValue != nil
      if let newValue { bytes.replaceSubrange(chunk * 32..<(chunk + 1) * 32, with: newValue.bytes) }
    }
  }

  package func contains(_ chunk: Int) -> Bool { isKnown.indices.contains(chunk) && isKnown[chunk] }
  package var isComplete: Bool { count == plan.chunkCount }
  /// Bytes of all known chunks.
  package var byteCount: Int {
    isComplete ? plan.size : isKnown.indices.reduce(0) { $0 + (isKnown[$1] ? plan.bytes(of: $1).count : 0) }
  }
}
