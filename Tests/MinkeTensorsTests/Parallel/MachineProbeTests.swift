import CMinkeKernels
import MinkeTensors
import Testing

/// What is measured has been done: a compiler that leaves work out would show as a machine that does not exist.
@Suite struct MachineProbeTests {
  @Test(arguments: [1, 2]) func ratesAreThoseOfARealMachine(threads: Int) throws {
    let probe = try MachineProbe(byteCount: 32 << 20, pool: WorkerPool(threadCount: threads))
    for _ in 0..<3 {
      // A core reads less than a terabyte a second, even from its caches, and multiplies fewer than 2^17 pairs a cycle.
      #expect((1e7...1e12).contains(probe.readBandwidth() / Double(threads)))
      #expect((1e7...1e14).contains(probe.multiplyRate() / Double(threads)))
    }
  }

  @Test func everyWordIsRead() {
    let count = 1 << 16
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
    defer { unsafe bytes.deallocate() }
    let words = unsafe bytes.bindMemory(to: UInt64.self, capacity: count / 8)
    var expected: UInt64 = 0
    for index in 0..<count / 8 {
      let word = UInt64(index) &* 0x9E37_79B9_7F4A_7C15
      unsafe words[index] = word
      expected ^= word
    }
    #expect(unsafe minke_probe_read(bytes.assumingMemoryBound(to: UInt8.self), count) == expected)
    unsafe words[count / 16] ^= 1
    #expect(unsafe minke_probe_read(bytes.assumingMemoryBound(to: UInt8.self), count) == expected ^ 1)
  }

  /// Times only tell linear from constant.
  @Test func moreRoundsTakeLonger() {
    func seconds(_ rounds: UInt64) -> Duration {
      (0..<3).map { _ in ContinuousClock().measure { _ = minke_probe_multiply(rounds) } }.min() ?? .zero
    }
    #expect(minke_probe_multiply(20) == 20 * minke_probe_multiply(1))
    let few = seconds(20_000)
    #expect(few > .zero)
    #expect(seconds(400_000) > few * 3)
  }
}
