import CMinkeAllocationCounter
import MinkeModels
import MinkeTensors
import Testing

// One after the other: allocations of all watched threads are counted together.
@Suite("A decode step allocates nothing", .serialized)
struct AllocationTests {
  /// What the threads of `pool` allocate in `body`, which the caller runs.
  private func allocations(_ pool: WorkerPool, _ body: () throws -> Void) throws -> UInt64 {
    guard allocation_counter_works() else {
      try Test.cancel("left out: allocations can be counted with glibc alone, without sanitizers")
    }
    // The region's own allocation, of its closure, is outside what is counted.
    pool.run { _ in allocation_counter_watch(true) }
    defer { pool.run { _ in allocation_counter_watch(false) } }
    // Ending the region above may still be under way in other threads: this one ends after that.
    pool.run(Step(allocates: false))
    let before = allocation_counter_count()
    try body()
    return allocation_counter_count() - before
  }

  /// A region that allocates once in each worker, or never.
  private struct Step: RegionJob {
    let allocates: Bool

    func run(_ worker: Worker) {
      worker.synchronize()
      if allocates {
        unsafe UnsafeMutableRawPointer.allocate(byteCount: 10 * worker.count, alignment: 1).deallocate()
      }
    }
  }

  @Test(
    arguments: ["llama-regular", "qwen2-odd-yarn", "qwen3-regular", "gemma3-regular", "qwen3moe-regular"],
    [1, 2])
  func decode(name: String, threads: Int) throws {
    for sequences in [1, 3] {
      let runner = try Runner(TinyModel(name).file, threads: threads)
      var batch = try (0..<sequences).map { index in
        SequenceInput([1, 2, 3].map { Int32($0 + index) }, cache: try runner.cache(.f16))
      }
      _ = try runner.model.forward(batch, in: runner.workspace)
      func step(_ token: Int32) throws {
        for index in batch.indices { batch[index].setToken(token + Int32(index)) }
        let logits = try runner.model.forward(batch, in: runner.workspace)
        #expect(logits.count == sequences)
      }
      try step(4)
      let count = try allocations(runner.model.pool) {
        for token in 0..<64 {
          for index in batch.indices { batch[index].setToken(Int32(token + index)) }
          _ = try runner.model.forward(batch, in: runner.workspace)
        }
      }
      #expect(count == 0, "\(sequences) sequences")
      #expect(batch.allSatisfy { $0.cache.count == 3 + 1 + 64 })
    }
  }

  @Test("with blocks that come and go", arguments: ["llama-regular", "gemma3-regular"])
  func pages(name: String) throws {
    let runner = try Runner(TinyModel(name).file)
    var sequences = try runner.sequences(blocks: 4)
    let cache = try KVCache(pool: sequences.pool, capacity: 200)
    var batch = [SequenceInput([1, 2, 3], cache: cache)]
    sequences.prepare(cache, rows: 3)
    _ = try runner.model.forward(batch, in: runner.workspace)
    batch[0].setToken(4)
    _ = try runner.model.forward(batch, in: runner.workspace)
    let (first, next) = (cache.shape.groups.indices, Int32(1))
    let count = try allocations(runner.model.pool) {
      for token in 0..<100 {
        if cache.count == 64 { for group in first { cache.setBlock(next, at: 1, group: group) } }
        if cache.count == 64 + 20, first.count > 1 { cache.setBlock(nil, at: 0, group: 1) }
        batch[0].setToken(Int32(token % 60))
        _ = try runner.model.forward(batch, in: runner.workspace)
      }
    }
    #expect(count == 0 && cache.count == 104)
  }

  @Test("What is allocated is counted, on the caller's thread and on others")
  func counter() throws {
    let pool = WorkerPool(threadCount: 2)
    #expect(try allocations(pool) {} == 0)
    var numbers: [Int] = []
    #expect(try allocations(pool) { numbers.reserveCapacity(100) } == 1)
    #expect(numbers.isEmpty)
    #expect(try allocations(pool) { pool.run(Step(allocates: true)) } == 2)
  }
}
