/// Decisions by chance, for tests: whatever the scheduler decides, every sequence must come to the same tokens.
package struct Disturbance: Sendable {
  private final class State: @unchecked Sendable {
    // Sendable by hand: used on the engine's queue only.
    var value: UInt64
    init(_ value: UInt64) { self.value = value }
  }

  private let state: State

  package init(seed: UInt64) { state = State(seed) }

  /// SplitMix64 (Steele, Lea and Flood 2014).
  private func next() -> UInt64 {
    state.value &+= 0x9E37_79B9_7F4A_7C15
    var z = state.value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  func happens(oneIn count: UInt64) -> Bool { next() % count == 0 }
  func index(below count: Int) -> Int { Int(next() % UInt64(max(count, 1))) }
  /// Whether an answer sits out a pass.
  func skips() -> Bool { happens(oneIn: 8) }
  func chunk(atMost limit: Int) -> Int { 1 + index(below: limit) }
}

extension Scheduler {
  /// Pre-empts, evicts and reorders by chance.
  mutating func disturb(_ blocks: inout BlockManager, _ plan: inout StepPlan) {
    guard let disturbance else { return }
    if disturbance.happens(oneIn: 6), !running.isEmpty {
      preempt(running[disturbance.index(below: running.count)], &blocks, &plan)
    }
    if disturbance.happens(oneIn: 4) { _ = blocks.evict() }
    if disturbance.happens(oneIn: 4), waiting.count > 1 {
      waiting.swapAt(0, disturbance.index(below: waiting.count))
    }
  }
}
