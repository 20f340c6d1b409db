internal import CMinkeKernels
internal import Synchronization

/// Measures what the machine can do at most with the threads of a pool, to compare speeds with.
///
/// Other work on the machine takes its part at one moment and not at the next: measure again and again beside what is
/// compared.
package final class MachineProbe {
  /// The kernels in use, such as `avx512`.
  package static var instructionSet: String {
    unsafe String(cString: minke_cpu_level_name(minke_cpu_active()))
  }

  private let pool: WorkerPool
  private let buffer: Arena
  /// Bytes that a measurement reads; whole steps for each worker.
  private let byteCount: Int
  /// Rounds of multiplications that take about ``duration``.
  private var rounds: UInt64 = 1 << 16
  /// Takes the results, so that they are computed.
  private let sink = Atomic<UInt64>(0)
  private let clock = ContinuousClock()

  /// Seconds of multiplying that one measurement takes.
  private static let duration = 0.01
  private static let step = 512

  /// - Parameter byteCount: memory to read: several times what the caches hold.
  /// - Throws: ``TensorError`` when it cannot be had.
  package convenience init(byteCount: Int, pool: WorkerPool) throws(TensorError) {
    let buffer = try Arena(byteCount: byteCount, for: "memory to measure the bandwidth with", isFilled: true)
    // Pages that nobody wrote are one page of zeros.
    pool.run { worker in
      let share = worker.share(of: buffer.byteCount, multipleOf: Self.step)
      unsafe (buffer.base + share.lowerBound).initializeMemory(
        as: UInt8.self, repeating: 1, count: share.count)
    }
    self.init(reading: buffer, byteCount: buffer.byteCount, pool: pool)
  }

  /// - Parameters:
  ///   - buffer: memory that has been written. Which physical pages it lies in changes what can be read a second by half
  ///     and more, on virtual machines above all, so that a comparison is best made on the very memory it is about.
  ///   - byteCount: bytes of it to read: several times what the caches hold.
  package init(reading buffer: Arena, byteCount: Int, pool: WorkerPool) {
    precondition(byteCount <= buffer.byteCount, "memory of the buffer")
    self.pool = pool
    self.buffer = buffer
    self.byteCount = max(byteCount / Self.step, 1) * Self.step
    // The first measurement of all finds out how long a round takes.
    let rate = multiplyRate()
    let operations = Double(minke_probe_multiply(1)) * Double(pool.threadCount)
    rounds = UInt64(min(max(rate * Self.duration / operations, 1), 1e9))
  }

  /// Bytes a second that all threads together read from memory.
  package func readBandwidth() -> Double {
    let bytes = unsafe UnsafePointer(buffer.base.assumingMemoryBound(to: UInt8.self))
    let seconds = time { worker in
      let share = worker.share(of: self.byteCount, multipleOf: Self.step)
      return unsafe minke_probe_read(bytes + share.lowerBound, share.count)
    }
    return Double(byteCount) / seconds
  }

  /// Operations a second of 8-bit multiplications with 32-bit sums, of all threads together; a multiplication and an
  /// addition are two.
  package func multiplyRate() -> Double {
    let rounds = rounds
    let before = sink.load(ordering: .relaxed)
    let seconds = time { _ in minke_probe_multiply(rounds) }
    return Double(sink.load(ordering: .relaxed) &- before) / seconds
  }

  /// Seconds until every worker has done `work`, whose results are summed up.
  private func time(_ work: (Worker) -> UInt64) -> Double {
    // Threads that sleep wake before the clock runs.
    pool.run { $0.synchronize() }
    let start = clock.now
    pool.run { worker in
      let result = work(worker)
      sink.wrappingAdd(result, ordering: .relaxed)
    }
    return max((clock.now - start).seconds, 1e-9)
  }
}
