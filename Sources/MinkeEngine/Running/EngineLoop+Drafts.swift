internal import MinkeSampling

extension EngineLoop {
  /// Lets the draft model guess for the sequences whose own text gave nothing, as far as it pays.
  func propose() {
    let running = scheduler.running.count
    guard let draft, running > 0,
      fixedDraftCount != nil || !draftCosts.wantsPlainPass(sequences: running)
    else { return }
    let limits = scheduler.limits
    let isAlone = running == 1 && scheduler.waiting.isEmpty
    let budget = isAlone ? limits.soloChunk : limits.chunk
    let tasks = scheduler.running.compactMap { draftTask($0, draft, running: running, budget: budget) }
    // Blocks for guesses may have taken memory of others.
    releaseMemory()
    guard !tasks.isEmpty else { return }
    do {
      try draft.guess(tasks, budget: budget)
    } catch {
      // What goes wrong with guesses is no fault of the sequences.
      for task in tasks { entries[task.sequence.id]?.drafting?.giveUpModel() }
    }
    for task in tasks { entries[task.sequence.id]?.drafting?.noteModel(task.sequence) }
    for pass in draft.passes {
      draftCosts.observe(pass, sequences: running)
      statistics.draftPasses += 1
      statistics.draftRows += pass.rows
    }
  }

  /// What the draft model is to guess for a sequence; nil for nothing.
  private func draftTask(
    _ sequence: TokenSequence, _ draft: DraftRunner, running: Int, budget: Int
  ) -> DraftRunner.Task? {
    guard sequence.answers, sequence.drafts.isEmpty, let entry = entries[sequence.id],
      let drafting = entry.drafting, drafting.model != nil
    else { return nil }
    let behind = draft.behind(sequence)
    // All sequences' guesses fit into the next pass, and the sequence's into its context.
    let limits = scheduler.limits
    let most = min(
      min(limits.logitRows, limits.rows) / running - 1, sequenceLimit - sequence.tokens.count)
    let wanted =
      fixedDraftCount
      ?? drafting.modelCount(
        draftCosts.withDraft(sequences: running), isBehind: behind > budget,
        preparation: draftCosts.catchUpCost(rows: behind - 1, sequences: running))
    var count = min(wanted, most)
    guard count > 0 else { return nil }
    guard draft.canRead(sequence, behind: behind, count: sequence.tokens.count + count) else {
      drafting.giveUpModel()
      return nil
    }
    // The last guess is not computed, and needs no place.
    if !blocks.extend(&sequence.table, to: sequence.tokens.count + count - 1) {
      count = min(count, sequence.table.capacity - sequence.tokens.count + 1)
    }
    return count > 0 ? DraftRunner.Task(sequence: sequence, driver: entry.driver, count: count) : nil
  }
}
