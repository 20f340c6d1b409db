extension Scheduler {
  /// What the next pass computes. Blocks for all of it are taken.
  package mutating func plan(_ blocks: inout BlockManager) -> StepPlan {
    var plan = StepPlan()
    disturb(&blocks, &plan)
    running.sort(by: Self.precedes)
    planAnswers(&blocks, &plan)
    admit(&blocks, &plan)
    planPrompts(&blocks, &plan)
    if plan.slices.isEmpty { resolve(&blocks, &plan) }
    return plan
  }

  /// Whether a sequence is served before another.
  private static func precedes(_ one: TokenSequence, _ other: TokenSequence) -> Bool {
    (-one.priority, one.id) < (-other.priority, other.id)
  }

  // MARK: Answers

  private mutating func planAnswers(_ blocks: inout BlockManager, _ plan: inout StepPlan) {
    var rows = limits.rows
    var logits = limits.logitRows
    for sequence in running where sequence.answers && disturbance?.skips() != true {
      // A sequence further behind may have made room meanwhile.
      guard running.contains(where: { $0 === sequence }), rows >= sequence.pending, logits > 0 else {
        continue
      }
      let drafts = min(sequence.drafts.count, rows - sequence.pending, logits - 1)
      guard makeRoom(for: sequence, tokens: sequence.tokens.count + drafts, &blocks, &plan) else { continue }
      plan.slices.append(.init(sequence: sequence, count: sequence.pending, draftCount: drafts))
      rows -= sequence.pending + drafts
      logits -= 1 + drafts
    }
  }

  /// Gets blocks for a sequence, if need be from those that are served after it. False where it had to make room itself.
  private mutating func makeRoom(
    for sequence: TokenSequence, tokens: Int, _ blocks: inout BlockManager, _ plan: inout StepPlan
  ) -> Bool {
    while !blocks.extend(&sequence.table, to: tokens) {
      let victim = running.last { other in !plan.slices.contains { $0.sequence === other } } ?? sequence
      preempt(victim, &blocks, &plan)
      if victim === sequence { return false }
    }
    return true
  }

  /// Takes a running sequence's blocks away; what they hold stays in the cache while there is room.
  mutating func preempt(_ sequence: TokenSequence, _ blocks: inout BlockManager, _ plan: inout StepPlan) {
    running.removeAll { $0 === sequence }
    blocks.end(&sequence.table, sequence.tokens, computed: sequence.computed)
    sequence.computed = 0
    sequence.preemptionCount += 1
    sequence.drafts = []
    waiting.append(sequence)
    if let index = plan.admitted.firstIndex(where: { $0 === sequence }) {
      // It never began: nobody needs to know.
      plan.admitted.remove(at: index)
    } else {
      plan.preempted.append(sequence)
    }
  }

  // MARK: Prompts

  private mutating func planPrompts(_ blocks: inout BlockManager, _ plan: inout StepPlan) {
    var rows = limits.rows - plan.rowCount
    var logits = limits.logitRows - plan.slices.reduce(0) { $0 + $1.logitCount }
    let isAlone = running.count == 1 && waiting.isEmpty
    var budget = Double(isAlone ? limits.soloChunk : limits.chunk)
    if let chunk = disturbance?.chunk(atMost: limits.rows) { budget = Double(chunk) }
    var completes = false
    for sequence in prompts() {
      guard budget >= 1, rows > 0, logits > 0 else {
        sequence.passedOver += 1
        continue
      }
      let weight = 1 + Double(sequence.computed) / Double(limits.heavyDepth)
      let count = min(sequence.pending, rows, max(1, Int(budget / weight)))
      let isCompleted = count == sequence.pending
      // A prompt that is completed is not held up by part of a longer one.
      guard isCompleted || !completes || sequence.passedOver >= Self.patience else {
        sequence.passedOver += 1
        continue
      }
      guard blocks.extend(&sequence.table, to: sequence.computed + count) else {
        sequence.passedOver += 1
        continue
      }
      plan.slices.append(.init(sequence: sequence, count: count, draftCount: 0))
      sequence.passedOver = 0
      completes = completes || isCompleted
      budget -= Double(count) * weight
      rows -= count
      logits -= isCompleted ? 1 : 0
    }
  }

  /// Sequences that compute their prompt, or compute again what they had, in the order in which they get rows.
  private func prompts() -> [TokenSequence] {
    func key(_ sequence: TokenSequence) -> (Int, Int, Double, Int, Int) {
      let isOverdue = sequence.passedOver >= Self.patience
      let chunks = sequence.pending / max(limits.chunk, 1)
      return (
        -sequence.priority, isOverdue ? 0 : 1 + min(chunks, 1), service[sequence.identity], sequence.pending,
        sequence.id
      )
    }
    return running.filter { !$0.answers }.map { (key($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// Nothing could be planned though sequences run: blocks that prompts hold half-way are in each other's way.
  private mutating func resolve(_ blocks: inout BlockManager, _ plan: inout StepPlan) {
    while let first = running.first {
      let count = min(first.pending, limits.soloChunk, limits.rows)
      if blocks.extend(&first.table, to: first.computed + count) {
        plan.slices.append(.init(sequence: first, count: count, draftCount: 0))
        return
      }
      guard running.count > 1 else {
        plan.stuck.append(first)
        return
      }
      preempt(running[running.count - 1], &blocks, &plan)
    }
  }
}
