internal import MinkeModels
internal import MinkeSampling
internal import MinkeTensors

/// What the engine does in a step: schedule, run, choose.
final class EngineLoop {
  struct Arrival: Sendable {
    let number: Int
    let request: EngineRequest
    let driver: any SequenceDriver & Sendable
  }

  struct Entry {
    let sequence: TokenSequence
    let driver: any SequenceDriver
    /// nil: nothing is guessed.
    let drafting: Drafting?
    /// Whether it has begun, and no longer waits for the first time.
    var hasBegun = false
  }

  let runner: ModelRunner
  var scheduler: Scheduler
  var blocks: BlockManager
  private(set) var entries: [Int: Entry] = [:]
  let sharesBlocks: Bool
  var draftCosts = DraftCosts()
  /// The draft model, where there is one, …
  let draft: DraftRunner?
  /// … what a text begins with that it guesses, …
  private var draftGovernor = SpeculationGovernor(trialShare: 0.03)
  /// … and what it is told to guess whatever it costs.
  let fixedDraftCount: Int?
  private let now: @Sendable () -> Double
  var statistics = EngineStatistics()
  var report: (@Sendable ([String]) -> Void)?
  /// Every so many steps ``report`` is called.
  var reportInterval = 1
  /// Identities of sequences that no longer wait to begin, since the step began.
  private var left: [Identity] = []
  /// Tokens of one sequence: what the context and memory allow.
  let sequenceLimit: Int

  init(_ transformer: Transformer, _ options: EngineOptions, draft: Transformer?) throws {
    let configuration = transformer.configuration
    let shape = configuration.cacheShape(options.keys, options.values)
    let layout = try draft.map { draft in
      try DraftLayout(draft.configuration.cacheShape(options.keys, options.values), beside: shape)
    }
    let groups = layout?.groups ?? BlockGroup.groups(of: shape)
    let blocks = BlockManager(groups: groups, byteLimit: options.cacheBytes)
    let limits = options.limits
    let least = blocks.heldBytes(positions: min(options.contextLength, limits.rows)) + blocks.blockByteCount
    guard options.cacheBytes >= least else {
      throw EngineError(
        .memory, "memory for keys and values", found: "\(options.cacheBytes) bytes",
        expected: "at least \(least), what one pass takes")
    }
    self.blocks = blocks
    now = options.now
    scheduler = Scheduler(limits)
    sharesBlocks = ModelRunner.sharesBlocks(shape)
    sequenceLimit = blocks.positionLimit(contextLength: options.contextLength, rows: limits.rows)
    let memory = Workspace.Limits(rows: limits.rows, logitRows: limits.logitRows)
    let capacity = options.contextLength + BlockManager.blockLength
    runner = try ModelRunner(
      transformer, memory, shape, groups, byteLimit: options.cacheBytes, capacity: capacity)
    fixedDraftCount = options.draftCount
    if let draft, let layout {
      self.draft = try DraftRunner(
        draft, layout, vocabularySize: configuration.vocabularySize, memory, byteLimit: options.cacheBytes,
        capacity: capacity, now: options.now)
    } else {
      self.draft = nil
    }
  }

  var isIdle: Bool { scheduler.isIdle }

  /// What does not hold of the cache's books.
  var violations: [String] { blocks.violations(scheduler.running.map(\.table)) }

  /// One step. Returns whose sequences have begun or ended before they did.
  func step(_ arrivals: [Arrival], _ cancelled: [Int]) -> [Identity] {
    left = []
    for arrival in arrivals { take(arrival) }
    for number in cancelled { end(number, .cancelled) }
    guard !scheduler.isIdle else {
      note()
      return left
    }
    let plan = scheduler.plan(&blocks)
    begin(plan)
    run(plan.slices[...])
    propose()
    statistics.steps += 1
    statistics.preemptions += plan.preempted.count
    note()
    if let report, statistics.steps.isMultiple(of: reportInterval) { report(violations) }
    return left
  }

  /// Gives up all that is kept for sequences to come, and its memory.
  func dropCache() {
    blocks.dropCached()
    releaseMemory()
    note()
  }

  private func note() {
    statistics.running = scheduler.running.count
    statistics.waiting = scheduler.waiting.count
    statistics.cache = blocks.account
    statistics.usage = blocks.usage
  }

  // MARK: Coming and going

  private func take(_ arrival: Arrival) {
    let request = arrival.request
    let sequence = TokenSequence(
      id: arrival.number, tokens: request.tokens, identity: request.identity, isShared: sharesBlocks,
      priority: request.priority, promptGroup: request.promptGroup)
    // A state cannot be cut back to before a wrong guess.
    let drafting =
      request.speculates && sharesBlocks
      ? Drafting(request.tokens, model: draft == nil ? nil : draftGovernor.forNewText()) : nil
    entries[arrival.number] = Entry(sequence: sequence, driver: arrival.driver, drafting: drafting)
    scheduler.add(sequence)
  }

  private func end(_ number: Int, _ ending: SequenceEnding) {
    guard let entry = entries.removeValue(forKey: number) else { return }
    scheduler.remove(entry.sequence, &blocks)
    drop(entry.sequence)
    if !entry.hasBegun { left.append(entry.sequence.identity) }
    entry.driver.ended(ending)
  }

  /// Gives back the memory of blocks that the block manager has taken it from.
  func releaseMemory() {
    runner.release(blocks.releases)
    draft?.release(blocks.releases)
    blocks.releases = []
  }

  /// Does what comes before the pass.
  private func begin(_ plan: StepPlan) {
    for sequence in plan.preempted { drop(sequence) }
    copy(plan.copies)
    releaseMemory()
    for sequence in plan.admitted where entries[sequence.id]?.hasBegun == false {
      entries[sequence.id]?.hasBegun = true
      left.append(sequence.identity)
      entries[sequence.id]?.driver.prefilled(sequence.computed, of: sequence.promptCount)
    }
    for sequence in plan.stuck {
      end(
        sequence.id,
        .failed(
          EngineError(
            .memory, "keys and values", found: "\(sequence.tokens.count) tokens",
            expected: "no more than memory holds: raise its limit or shorten the context")))
    }
  }

  private func drop(_ sequence: TokenSequence) {
    runner.drop(sequence)
    draft?.drop(sequence)
  }

  private func copy(_ copies: [BlockCopy]) {
    runner.copy(copies)
    draft?.copy(copies)
  }

  // MARK: Running

  /// Runs slices together; where that fails each alone, so that only what is at fault ends.
  private func run(_ slices: ArraySlice<StepPlan.Slice>) {
    guard !slices.isEmpty else { return }
    draft?.noteWritten(slices)
    let logits: Rows
    let start = now()
    do {
      logits = try runner.run(slices)
    } catch {
      guard slices.count > 1 else { return end(slices[slices.startIndex].sequence.id, .failed(error)) }
      for index in slices.indices { run(slices[index...index]) }
      return
    }
    draftCosts.observe(slices, seconds: now() - start)
    var row = 0
    for slice in slices {
      let rows = row..<row + slice.logitCount
      row += slice.logitCount
      statistics.computedTokens += slice.count + slice.draftCount
      finish(slice, logits, rows)
    }
  }

  /// Takes up what a pass has computed for one sequence.
  private func finish(_ slice: StepPlan.Slice, _ logits: Rows, _ rows: Range<Int>) {
    let sequence = slice.sequence
    guard let entry = entries[sequence.id] else { return }
    let driver = entry.driver
    var computed = sequence.computed + slice.count
    // Of the prompt only: what is computed again behind it after making room is no progress.
    if sequence.tokens.count == sequence.promptCount {
      driver.prefilled(min(computed, sequence.promptCount), of: sequence.promptCount)
    }
    shareIfAwaited(sequence, computed: computed)
    let before = (tokens: sequence.tokens.count, computed: computed)
    do {
      let isComplete = try choose(driver, slice, logits, rows, &computed)
      draft?.settle(sequence, computed: computed)
      scheduler.advance(sequence, to: computed, &blocks)
      guard !isComplete else { return end(sequence.id, .complete) }
      let accepted = computed - before.computed
      note(drafted: slice.draftCount, accepted: accepted, isByModel: entry.drafting?.isByModel == true)
      guard !rows.isEmpty else { return }
      let running = scheduler.running.count
      entry.drafting?.advance(
        sequence, added: sequence.tokens[before.tokens...], drafted: slice.draftCount, accepted: accepted,
        (draftCosts[sequences: running], draftCosts.withDraft(sequences: running)))
    } catch {
      end(sequence.id, .failed(error))
    }
  }

  /// Counts guesses that a pass has verified.
  private func note(drafted: Int, accepted: Int, isByModel: Bool) {
    guard drafted > 0 else { return }
    statistics.drafted += drafted
    statistics.accepted += accepted
    guard isByModel else { return }
    statistics.draftedByModel += drafted
    statistics.acceptedByModel += accepted
    draftGovernor.note(
      drafted: drafted, accepted: accepted, draftCosts.withDraft(sequences: scheduler.running.count))
  }

  /// Chooses tokens while the drafts are what is chosen. Returns whether the sequence is complete.
  private func choose(
    _ driver: any SequenceDriver, _ slice: StepPlan.Slice, _ logits: Rows, _ rows: Range<Int>,
    _ computed: inout Int
  ) throws -> Bool {
    let sequence = slice.sequence
    for (index, row) in rows.enumerated() {
      switch unsafe try driver.next(logits.buffer(row: row)) {
      case .end: return true
      case .several(let tokens):
        for token in tokens { try append(token, to: sequence) }
        return false
      case .one(let token):
        try append(token, to: sequence)
        guard index < slice.draftCount, sequence.drafts[index] == token else { return false }
        computed += 1
      }
    }
    return false
  }

  private func append(_ token: Int32, to sequence: TokenSequence) throws(EngineError) {
    guard sequence.tokens.count < sequenceLimit else {
      throw EngineError(
        .memory, "sequence", found: "\(sequence.tokens.count + 1) tokens",
        expected: "at most \(sequenceLimit)")
    }
    sequence.append(token)
  }

  /// A prompt that others wait for becomes findable to the last token.
  private func shareIfAwaited(_ sequence: TokenSequence, computed: Int) {
    guard computed == sequence.promptCount, scheduler.isAwaited(sequence) else { return }
    blocks.commit(&sequence.table, sequence.tokens, computed: computed)
    copy(blocks.share(sequence.table, sequence.tokens, computed: computed))
  }
}
