/// A set of tokens: those that may come next.
package struct TokenMask: Sendable, Equatable {
  /// The number of ids in the vocabulary.
  package let count: Int
  private(set) var words: [UInt64]

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
  package var tokens: [Int] { (0..<count).filter(contains) }

  mutating func insert(_ token: Int) { words[token >> 6] |= 1 << UInt64(token & 63) }

  mutating func formUnion(_ other: TokenMask) {
    for index in words.indices { words[index] |= other.words[index] }
  }

  mutating func removeAll() {
    for index in words.indices { words[index] = 0 }
  }

  /// Sets the logits of all other tokens to −∞; logits beyond the vocabulary, which padding adds, too.
  package func apply(to logits: inout MutableSpan<Float>) {
    var index = 0
    for word in words where index < logits.count {
      let end = min(index + 64, logits.count)
      if word == 0 || end - index < 64 {
        for position in index..<end where word >> UInt64(position - index) & 1 == 0 {
          logits[position] = -.infinity
        }
      } else if word != .max {
        logits.keep(word, at: index)
      }
      index = end
    }
    while index < logits.count {
      logits[index] = -.infinity
      index += 1
    }
  }
}

extension MutableSpan<Float> {
  /// Of the 64 logits from `index` on keeps those whose bit in `word` is set.
  @inline(__always)
  fileprivate mutating func keep(_ word: UInt64, at index: Int) {
    let lanes = SIMD16<UInt16>(
      1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
    for part in 0..<4 {
      let bits = SIMD16<UInt16>(repeating: UInt16(truncatingIfNeeded: word >> UInt64(part * 16)))
      let isExcluded = SIMD16<Int32>(truncatingIfNeeded: bits & lanes) .== 0
      let offset = (index + part * 16) * MemoryLayout<Float>.stride
      // Safe: the caller has checked that 64 logits lie at `index`, and every bit pattern is a float.
      unsafe withUnsafeMutableBytes { bytes in
        let values = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
        let kept = values.replacing(with: -.infinity, where: isExcluded)
        unsafe bytes.storeBytes(of: kept, toByteOffset: offset, as: SIMD16<Float>.self)
      }
    }
  }
}
