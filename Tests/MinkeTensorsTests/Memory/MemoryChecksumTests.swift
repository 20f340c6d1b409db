import Foundation
import MinkeTensors
import Testing

@Suite struct MemoryChecksumTests {
  func sum(_ bytes: [UInt8], chunks: [Range<Int>]? = nil) -> UInt64 {
    var sum = MemoryChecksum()
    unsafe bytes.withUnsafeBytes { memory in
      for chunk in chunks ?? [0..<MemoryChecksum.chunkCount(memory.count)] {
        unsafe sum.add(chunk, of: memory)
      }
    }
    return sum.value
  }

  let bytes = (0..<(5 << 19) + 77).map { UInt8(truncatingIfNeeded: ($0 &* 0x9E37_79B9) >> 13) }

  @Test func chunksMayBeSummedInAnyOrderAndApart() {
    #expect(MemoryChecksum.chunkCount(bytes.count) == 3)
    let whole = sum(bytes)
    #expect(sum(bytes, chunks: [2..<3, 0..<2]) == whole)
    #expect(sum(bytes, chunks: [0..<1]) &+ sum(bytes, chunks: [1..<3]) == whole)
    var other = MemoryChecksum()
    other.add(whole)
    #expect(other.value == whole)
  }

  @Test func everyChangeOfOneBitCounts() {
    let whole = sum(bytes)
    var changed = bytes
    for place in Array(stride(from: 0, to: bytes.count, by: 9973)) + [bytes.count - 1, 1 << 20] {
      changed[place] ^= 1 << UInt8(place & 7)
      #expect(sum(changed) != whole)
      changed[place] = bytes[place]
    }
  }

  @Test func orderAndLengthCount() {
    let whole = sum(bytes)
    // Blocks, lanes, pages and chunks that change places.
    for (length, distance) in [(64, 64), (8, 8), (4096, 4096), (1 << 20, 1 << 20)] {
      var changed = bytes
      for offset in 0..<length { changed.swapAt(offset, offset + distance) }
      #expect(sum(changed) != whole)
    }
    for length in [0, 1, 63, 64, 65, 4096, bytes.count - 1] {
      #expect(sum(Array(bytes.prefix(length))) != whole)
      #expect(sum([UInt8](repeating: 0, count: length)) != sum([UInt8](repeating: 0, count: length + 1)))
    }
  }
}
