import MinkeEngine

/// Stands in for a draft model whose blocks have the model's numbers, and knows of each only what ``DraftProgress`` says.
struct PretendDraft {
  private var model: PretendModel
  private var progress = DraftProgress()
  private let host: Int
  /// By sequence: positions computed for its tokens and guesses.
  private var ahead: [Int: Int] = [:]

  init?(_ groups: [BlockGroup]) {
    guard let host = groups.firstIndex(where: { $0.window == nil }) else { return nil }
    self.host = host
    model = PretendModel(groups)
  }

  mutating func copy(_ copies: [BlockCopy]) {
    model.copy(copies)
    for copy in copies where copy.group == host { progress.copy(copy.source, to: copy.target) }
  }

  mutating func release(_ releases: [BlockPlace]) {
    model.release(releases)
    for place in releases where place.group == host { progress.forget(place.block) }
  }

  /// What blocks hold was put there.
  mutating func forget(_ blocks: BlockNumbers) {
    if blocks[host] >= 0 { progress.forget(blocks[host]) }
  }

  mutating func begin(_ plan: StepPlan, _ releases: [BlockPlace]) {
    for sequence in plan.preempted { ahead[sequence.id] = nil }
    copy(plan.copies)
    release(releases)
    for slice in plan.slices {
      let (start, rows) = (slice.sequence.computed, slice.count + slice.draftCount)
      progress.noteWritten(start..<start + rows, slice.sequence.table.blocks, group: host)
    }
  }

  mutating func settle(_ sequence: TokenSequence, computed: Int) {
    if let end = ahead[sequence.id], end > sequence.computed {
      progress.noteComputed(sequence.computed..<min(end, computed), sequence.table.blocks, group: host)
    }
    ahead[sequence.id] = nil
  }

  /// Checks that a sequence's positions are what is known of them, and now and then computes some more, guesses included.
  mutating func run(_ sequence: TokenSequence, _ random: inout RandomNumbers) -> Bool {
    let blocks = sequence.table.blocks
    let known = progress.computedCount(of: sequence.computed, blocks, group: host)
    guard model.holds(sequence.tokens[..<known], blocks, group: host) else { return false }
    guard ahead[sequence.id] == nil, random.below(2) == 0 else { return true }
    let all = sequence.tokens + sequence.drafts
    let end = min(known + random.below(2 * (all.count - known) + 1), all.count, sequence.table.capacity)
    guard end > known else { return true }
    model.write(all, known..<end, blocks, group: host)
    progress.noteComputed(known..<max(known, min(end, sequence.computed)), blocks, group: host)
    if end > sequence.computed { ahead[sequence.id] = end }
    return true
  }
}
