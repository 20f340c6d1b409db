internal import MinkeModels
internal import MinkeTensors

/// What the engine does in a step: schedule, run, choose.
final class EngineLoop {
  struct Arrival: Sendable {
    let number: Int
    let request: EngineRequest
    let driver: any SequenceDriver & Sendable
  }

  private struct Entry {
    let sequence: TokenSequence
    let driver: any SequenceDriver
    /// nil: nothing is guessed.
    let drafting: Drafting?
    /// Whether it has begun, and no longer waits for the first time.
    var hasBegun = false
  }

  let runner: ModelRunner
  var scheduler: Scheduler
  private var blocks: BlockManager
  private var entries: [Int: Entry] = [:]
  private let sharesBlocks: Bool
  private var draftCosts = DraftCosts()
  private let clock = ContinuousClock()
  private(set) var statistics = EngineStatistics()
  var report: (@Sendable ([String]) -> Void)?
  /// Every so many steps ``report`` is called.
  var reportInterval = 1
  /// Identities of sequences that no longer wait to begin, since the step began.
  private var left: [Identity] = []
  /// Tokens of one sequence: what the context and memory allow.
  let sequenceLimit: Int

  init(_ transformer: Transformer, _ options: EngineOptions) throws {
    let shape = transformer.configuration.cacheShape(options.keys, options.values)
    let groups = BlockGroup.groups(of: shape)
    let blocks = BlockManager(groups: groups, byteLimit: options.cacheBytes)
    let limits = options.limits
    let least = blocks.heldBytes(positions: min(options.contextLength, limits.rows)) + blocks.blockByteCount
    guard options.cacheBytes >= least else {
      throw EngineError(
        .memory, "memory for keys and values", found: "\(options.cacheBytes) bytes",
        expected: "at least \(least), what one pass takes")
    }
    self.blocks = blocks
    scheduler = Scheduler(limits)
    sharesBlocks = ModelRunner.sharesBlocks(shape)
    sequenceLimit = blocks.positionLimit(contextLength: options.contextLength, rows: limits.rows)
    runner = try ModelRunner(
      transformer, .init(rows: limits.rows, logitRows: limits.logitRows), shape,
      byteLimit: options.cacheBytes,
      capacity: options.contextLength + BlockManager.blockLength)
  }

  var isIdle: Bool { scheduler.isIdle }

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
    statistics.steps += 1
    statistics.preemptions += plan.preempted.count
    note()
    if let report, statistics.steps.isMultiple(of: reportInterval) { report(violations()) }
    return left
  }

  /// What does not hold of the cache's books.
  func violations() -> [String] { blocks.violations(scheduler.running.map(\.table)) }

  /// Gives up all that is kept for sequences to come, and its memory.
  func dropCache() {
    blocks.dropCached()
    release()
    note()
  }

  private func release() {
    runner.release(blocks.releases)
    blocks.releases = []
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
    let drafting = request.speculates && sharesBlocks ? Drafting(request.tokens) : nil
    entries[arrival.number] = Entry(sequence: sequence, driver: arrival.driver, drafting: drafting)
    scheduler.add(sequence)
  }

  private func end(_ number: Int, _ ending: SequenceEnding) {
    guard let entry = entries.removeValue(forKey: number) else { return }
    scheduler.remove(entry.sequence, &blocks)
    runner.drop(entry.sequence)
    if !entry.hasBegun { left.append(entry.sequence.identity) }
    entry.driver.ended(ending)
  }

  /// Does what comes before the pass.
  private func begin(_ plan: StepPlan) {
    for sequence in plan.preempted { runner.drop(sequence) }
    runner.copy(plan.copies)
    release()
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

  // MARK: Running

  /// Runs slices together; where that fails each alone, so that only what is at fault ends.
  private func run(_ slices: ArraySlice<StepPlan.Slice>) {
    guard !slices.isEmpty else { return }
    let logits: Rows
    let start = clock.now
    do {
      logits = try runner.run(slices)
    } catch {
      guard slices.count > 1 else { return end(slices[slices.startIndex].sequence.id, .failed(error)) }
      for index in slices.indices { run(slices[index...index]) }
      return
    }
    draftCosts.observe(slices, seconds: (clock.now - start).seconds)
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
      scheduler.advance(sequence, to: computed, &blocks)
      guard !isComplete else { return end(sequence.id, .complete) }
      let accepted = computed - before.computed
      statistics.drafted += slice.draftCount
      statistics.accepted += accepted
      guard slice.logitCount > 0 else { return }
      entry.drafting?.advance(
        sequence, added: sequence.tokens[before.tokens...], drafted: slice.draftCount, accepted: accepted,
        draftCosts[sequences: scheduler.running.count])
    } catch {
      end(sequence.id, .failed(error))
    }
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
    runner.copy(blocks.share(sequence.table, sequence.tokens, computed: computed))
  }
}
