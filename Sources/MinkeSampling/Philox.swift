/// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as
/// 1, 2, 3" (2011).
///
/// The n-th number depends on the seed and n alone, so a sequence can be continued or repeated from
/// anywhere and no other sequence can disturb it.
package struct Philox: Sendable {
  package let seed: UInt64

  package init(seed: UInt64) { self.seed = seed }

  /// A number in [0, 1) with 53 random bits, for one value of the counter.
  package func uniform(at counter: UInt64) -> Double { uniform(counter, 0) }

  /// As ``uniform(at:)``, one for each token.
  package func uniform(at counter: UInt64, token: Int32) -> Double {
    uniform(counter, 1 + UInt32(bitPattern: token))
  }

  private func uniform(_ counter: UInt64, _ stream: UInt32) -> Double {
    let block = Self.block(
      counter: SIMD4(UInt32(truncatingIfNeeded: counter), UInt32(counter >> 32), stream, 0),
      key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)))
    let bits = (UInt64(block[1]) << 32 | UInt64(block[0])) >> 11
    return Double(bits) * 0x1p-53
  }

  /// The ten rounds of the paper.
  package static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var counter = counter
    var key = key
    for _ in 0..<10 {
      let (high0, low0) = (0xD251_1F53 as UInt32).multipliedFullWidth(by: counter[0])
      let (high1, low1) = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: counter[2])
      counter = SIMD4(high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0)
      key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return counter
  }
}
