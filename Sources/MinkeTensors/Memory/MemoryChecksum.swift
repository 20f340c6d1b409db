/// A checksum of large memory, as fast as memory can be read: it tells bytes that a disk or a crash has changed, not
/// bytes that somebody forged.
///
/// The memory is cut into chunks whose sums are added, so that threads may sum any chunks in any order. A chunk is
/// summed as by Fletcher (J. G. Fletcher, "An Arithmetic Checksum for Serial Transmissions", 1982) in eight lanes of
/// 64-bit words: the sum of the words and the sum of all such sums, which makes the order count.
package struct MemoryChecksum: Sendable {
  /// Bytes of a chunk; the last one may be shorter.
  package static let chunkLength = 1 << 20

  /// How many chunks `byteCount` bytes make.
  package static func chunkCount(_ byteCount: Int) -> Int { (byteCount + chunkLength - 1) / chunkLength }

  /// The sum of the chunks so far.
  package private(set) var value: UInt64 = 0

  package init() {}

  /// Adds what another has summed.
  package mutating func add(_ other: UInt64) { value &+= other }

  /// Adds the chunks `chunks` of `memory`.
  package mutating func add(_ chunks: Range<Int>, of memory: UnsafeRawBufferPointer) {
    for chunk in chunks {
      let start = chunk * Self.chunkLength
      unsafe add(
        chunk,
        UnsafeRawBufferPointer(rebasing: memory[start..<min(start + Self.chunkLength, memory.count)]))
    }
  }

  /// Adds one chunk, which is `bytes`.
  package mutating func add(_ chunk: Int, _ bytes: UnsafeRawBufferPointer) {
    value &+= Self.mixed(unsafe Self.sum(bytes) ^ Self.mixed(UInt64(chunk)))
  }

  /// The sum of bytes that are all in memory.
  package static func sum(of memory: UnsafeRawBufferPointer) -> UInt64 {
    var checksum = MemoryChecksum()
    unsafe checksum.add(0..<chunkCount(memory.count), of: memory)
    return checksum.value
  }

  private static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    typealias Lanes = SIMD8<UInt64>
    var (sum, sumOfSums) = (Lanes(), Lanes())
    let width = MemoryLayout<Lanes>.size
    var offset = 0
    while offset <= bytes.count - width {
      sum &+= unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
      sumOfSums &+= sum
      offset += width
    }
    var result = UInt64(bytes.count)
    for index in offset..<bytes.count { result = mixed(result ^ UInt64(unsafe bytes[index])) }
    for lane in 0..<Lanes.scalarCount { result = mixed(mixed(result ^ sum[lane]) ^ sumOfSums[lane]) }
    return result
  }

  /// A bijection in which every bit depends on every other (the finaliser of SplitMix64).
  private static func mixed(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9E37_79B9_7F4A_7C15
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
