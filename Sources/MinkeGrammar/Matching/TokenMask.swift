/// A set of tokens: those that may come next.
package struct TokenMask: Sendable, Equatable {
  /// The number of ids in the vocabulary.
  package let count: Int
  /// A bit a token.
  var words: [UInt64]

  /// No token.
  package init(count: Int) {
    self.count = count
    words = Array(repeating: 0, count: (count + 63) / 64)
  }

  package func contains(_ token: Int) -> Bool {
    (0..<count).contains(token) && words[token >> 6] >> UInt64(token & 63) & 1 != 0
  }

  /// How many tokens are in the set.
  package var allowedCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// The tokens in the set, in the order of their ids.
  package var tokens: [Int] {
    var result: [Int] = []
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        result.append(index * 64 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
    return result
  }

  package mutating func insert(_ token: Int) { words[token >> 6] |= 1 << UInt64(token & 63) }

  mutating func formUnion(_ other: TokenMask) {
    for index in words.indices { words[index] |= other.words[index] }
  }

  mutating func removeAll() {
    for index in words.indices { words[index] = 0 }
  }

  /// Sets the logits of all other tokens to −∞; logits beyond the vocabulary, which padding adds, too.
  package func apply(to logits: inout MutableSpan<Float>) {
    let whole = min(count, logits.count) / 64
    unsafe logits.withUnsafeMutableBytes { bytes in
      for index in 0..<whole where words[index] != .max {
        // Safe: 64 logits lie at 64 × `index`, as `whole` says, and every bit pattern is a float.
        unsafe Self.keep(words[index], in: bytes, at: index * 64 * MemoryLayout<Float>.stride)
      }
    }
    for token in whole * 64..<max(whole * 64, logits.count) where !contains(token) {
      logits[token] = -.infinity
    }
  }

  /// Of 64 logits keeps those whose bit is set.
  @inline(__always)
  private static func keep(_ word: UInt64, in bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
    let lanes = SIMD16<UInt32>(
      1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
    for part in 0..<4 {
      let place = offset + part * MemoryLayout<SIMD16<Float>>.stride
      let bits = SIMD16<UInt32>(repeating: UInt32(truncatingIfNeeded: word >> UInt64(part * 16)))
      let isExcluded = bits & lanes .== SIMD16<UInt32>.zero
      let values = unsafe bytes.loadUnaligned(fromByteOffset: place, as: SIMD16<Float>.self)
      let kept = values.replacing(with: -.infinity, where: isExcluded)
      unsafe bytes.storeBytes(of: kept, toByteOffset: place, as: SIMD16<Float>.self)
    }
  }
}
