internal import MinkeSampling

/// Decisions by chance, for tests: whatever the scheduler decides, every sequence must come to the same tokens.
package struct Disturbance: Sendable {
  private let generator: Philox
  private var drawCount: UInt64 = 0

  package init(seed: UInt64) { generator = Philox(seed: seed) }

  mutating func index(below count: Int) -> Int {
    defer { drawCount += 1 }
    return Int(generator.uniform(at: drawCount) * Double(count))
  }

  mutating func happens(oneIn count: Int) -> Bool { index(below: count) == 0 }
  /// Whether an answer sits out a pass.
  mutating func skips() -> Bool { happens(oneIn: 8) }
  mutating func chunk(atMost limit: Int) -> Int { 1 + index(below: limit) }
}

extension Scheduler {
  /// Pre-empts and evicts by chance.
  mutating func disturb(_ blocks: inout BlockManager, _ plan: inout StepPlan) {
    if disturbance?.happens(oneIn: 6) == true, let index = disturbance?.index(below: running.count),
      running.indices.contains(index)
    {
      preempt(running[index], &blocks, &plan)
    }
    if disturbance?.happens(oneIn: 4) == true { _ = blocks.evict() }
  }
}
