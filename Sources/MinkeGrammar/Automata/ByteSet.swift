/// A set of bytes.
struct ByteSet: Sendable, Hashable {
  private var words = SIMD4<UInt64>.zero

  init() {}

  func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 != 0 }

  mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

  mutating func insert(_ range: ClosedRange<UInt8>) {
    for index in Int(range.lowerBound >> 6)...Int(range.upperBound >> 6) {
      let low = max(Int(range.lowerBound) - index * 64, 0)
      let high = min(Int(range.upperBound) - index * 64, 63)
      words[index] |= UInt64.max << UInt64(low) & UInt64.max >> UInt64(63 - high)
    }
  }

  mutating func formUnion(_ other: ByteSet) { words |= other.words }

  var bytes: [UInt8] { (0...255).filter(contains) }

  /// The one byte, if there is just one.
  var onlyByte: UInt8? {
    var result: UInt8?
    for index in 0..<4 where words[index] != 0 {
      guard result == nil, words[index].nonzeroBitCount == 1 else { return nil }
      result = UInt8(index * 64 + words[index].trailingZeroBitCount)
    }
    return result
  }
}
