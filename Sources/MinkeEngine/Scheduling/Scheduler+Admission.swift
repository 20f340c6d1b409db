extension Scheduler {
  /// Lets waiting sequences begin, while there are places and memory.
  mutating func admit(_ blocks: inout BlockManager, _ plan: inout StepPlan) {
    guard !waiting.isEmpty else { return }
    for sequence in waitingOrder() where !waitsForPrompt(sequence) {
      if running.count >= limits.sequences, !makePlace(for: sequence, &blocks, &plan) { return }
      // Each running sequence may need another block soon.
      let reserve = running.count * blocks.blockByteCount
      guard
        let prefix = blocks.begin(
          sequence.tokens, identity: sequence.identity, isShared: sequence.table.isShared, reserving: reserve)
      else {
        if running.isEmpty { plan.stuck.append(sequence) }
        return
      }
      waiting.removeAll { $0 === sequence }
      sequence.table = prefix.table
      sequence.computed = prefix.count
      sequence.passedOver = 0
      plan.copies += prefix.copies
      plan.admitted.append(sequence)
      running.append(sequence)
    }
  }

  /// Those that wait, in the order in which they are to begin.
  private func waitingOrder() -> [TokenSequence] {
    // What an identity is about to get counts, or its sequences would begin all at once.
    var expected: [Identity: Double] = [:]
    for sequence in running { expected[sequence.identity, default: 0] += 1 }
    let inTurn = waiting.sorted { (-$0.priority, $0.id) < (-$1.priority, $1.id) }
    let keyed = inTurn.map { sequence in
      let turn = expected[sequence.identity, default: 0]
      expected[sequence.identity] = turn + 1
      return ((-sequence.priority, turn, service[sequence.identity], sequence.id), sequence)
    }
    return keyed.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// Whether another sequence is computing this one's prompt.
  private func waitsForPrompt(_ sequence: TokenSequence) -> Bool {
    guard let group = sequence.promptGroup else { return false }
    return running.contains { $0.promptGroup == group && !$0.hasPrompt }
  }

  /// Takes a place from the identity that has most, where that is at least two more than this sequence's has, or from a
  /// sequence of lower priority.
  private mutating func makePlace(
    for sequence: TokenSequence, _ blocks: inout BlockManager, _ plan: inout StepPlan
  ) -> Bool {
    var places: [Identity: Int] = [:]
    for other in running { places[other.identity, default: 0] += 1 }
    let own = places[sequence.identity, default: 0]
    let victim = running.last { other in
      guard !plan.slices.contains(where: { $0.sequence === other }) else { return false }
      return other.priority < sequence.priority
        || (other.priority == sequence.priority && places[other.identity, default: 0] >= own + 2)
    }
    guard let victim else { return false }
    preempt(victim, &blocks, &plan)
    return true
  }
}
