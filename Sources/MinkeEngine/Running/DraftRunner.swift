internal import MinkeModels
internal import MinkeTensors

/// Runs a draft model beside the model: a smaller one that guesses tokens for it to verify (Leviathan et al. 2023,
/// arXiv:2211.17192).
///
/// It has a pool of its own in which a block has the number of the model's block for the same positions, in the group of
/// layers that see everything: so blocks are found, shared, copied, evicted and counted in the model's books alone. Its own
/// layers with a window use these blocks too: what it has not computed yet it may need at any later time. What it has computed
/// is in ``DraftProgress``.
final class DraftRunner {
  /// What is wanted for one sequence.
  struct Task {
    let sequence: TokenSequence
    let driver: any SequenceDriver
    /// Guesses; there are blocks for the sequence's tokens and all guesses but the last.
    let count: Int
    /// Whether it reached the end of the sequence in this step, and goes on guessing.
    fileprivate(set) var isGuessing = false
  }

  /// One pass of the draft model.
  struct PassTime {
    var rows: Int
    var guesses: Int
    var seconds: Double
  }

  private struct Mirror {
    let cache: KVCache
    /// Positions that are computed for the sequence's tokens and the guesses behind them; 0 where all are known to
    /// ``DraftProgress``.
    var ahead = 0
  }

  let transformer: Transformer
  /// Of the last call of ``guess(_:budget:)``.
  private(set) var passes: [PassTime] = []
  private let workspace: Workspace
  private let pool: KVPool
  private let layout: DraftLayout
  private let capacity: Int
  /// Of the model whose tokens are guessed.
  private let vocabularySize: Int
  private var mirrors: [Int: Mirror] = [:]
  private var progress = DraftProgress()
  private var batch: [SequenceInput] = []
  /// Shared blocks that a sequence is about to write in this pass.
  private var claimed: Set<Int32> = []
  /// A row of logits where the draft model has fewer than the model.
  private var padded: [Float]
  private let now: @Sendable () -> Double

  init(
    _ transformer: Transformer, _ layout: DraftLayout, vocabularySize: Int, _ limits: Workspace.Limits,
    byteLimit: Int, capacity: Int, now: @escaping @Sendable () -> Double
  ) throws {
    self.transformer = transformer
    self.now = now
    self.layout = layout
    self.vocabularySize = vocabularySize
    self.capacity = capacity
    workspace = try transformer.makeWorkspace(limits)
    let blocks = max(1, byteLimit / layout.groups[layout.host].byteCount)
    pool = try KVPool(layout.shape, blockCounts: layout.shape.groups.map { _ in blocks })
    let missing = transformer.configuration.vocabularySize < vocabularySize
    padded = missing ? Array(repeating: -.infinity, count: vocabularySize) : []
  }
}

// MARK: What becomes of blocks and sequences

extension DraftRunner {
  func copy(_ copies: [BlockCopy]) {
    for copy in copies where copy.group == layout.host {
      if progress.holds(copy.source) {
        for group in layout.shape.groups.indices { pool.copy(copy.source, to: copy.target, group: group) }
      }
      progress.copy(copy.source, to: copy.target)
    }
  }

  func release(_ places: [BlockPlace]) {
    for place in places where place.group == layout.host {
      for group in layout.shape.groups.indices {
        pool.release(CollectionOfOne(place.block), group: group)
      }
      progress.forget(place.block)
    }
  }

  /// What the model has in a block did not come of its passes.
  func forget(_ place: BlockPlace) {
    if place.group == layout.host { progress.forget(place.block) }
  }

  /// Forgets a sequence that has ended or made room.
  func drop(_ sequence: TokenSequence) { mirrors[sequence.id] = nil }

  /// The model is about to write what a pass computes.
  func noteWritten(_ slices: ArraySlice<StepPlan.Slice>) {
    for slice in slices {
      let start = slice.sequence.computed
      progress.noteWritten(
        start..<start + slice.count + slice.draftCount, slice.sequence.table.blocks, group: layout.host)
    }
  }

  /// The model has computed the first `computed` tokens of a sequence: guesses among them were right.
  func settle(_ sequence: TokenSequence, computed: Int) {
    guard let ahead = mirrors[sequence.id]?.ahead, ahead > sequence.computed, computed > sequence.computed
    else { return }
    progress.noteComputed(
      sequence.computed..<min(ahead, computed), sequence.table.blocks, group: layout.host)
    mirrors[sequence.id]?.ahead = 0
  }

  /// Tokens of a sequence that the draft model has not computed.
  func behind(_ sequence: TokenSequence) -> Int {
    sequence.tokens.count
      - progress.computedCount(of: sequence.computed, sequence.table.blocks, group: layout.host)
  }

  /// Whether the draft model can read a sequence that is to have so many tokens: it may have been made for shorter ones or
  /// lack some of the model's tokens.
  func canRead(_ sequence: TokenSequence, behind: Int, count: Int) -> Bool {
    let configuration = transformer.configuration
    guard count <= min(configuration.contextLength, capacity) else { return false }
    guard configuration.vocabularySize < vocabularySize else { return true }
    return sequence.tokens.suffix(behind).allSatisfy { $0 < configuration.vocabularySize }
  }
}

// MARK: Guessing

extension DraftRunner {
  /// Guesses what follows in sequences that have no drafts, as far as it is not too far behind: it then catches up by some
  /// rows, of all sequences together by `budget`.
  func guess(_ tasks: [Task], budget: Int) throws {
    // The batch must not hold on to tokens that are appended to later.
    defer { batch.removeAll(keepingCapacity: true) }
    passes.removeAll(keepingCapacity: true)
    var tasks = try catchUp(tasks, budget: budget)
    while !tasks.isEmpty {
      let logits = try run(guesses: tasks.count)
      for task in tasks {
        mirrors[task.sequence.id]?.ahead = task.sequence.tokens.count + task.sequence.drafts.count
      }
      choose(&tasks, logits)
    }
  }

  /// The first pass: all rows by which sequences are behind, or some.
  ///
  /// - Returns: the sequences that go on, for which the batch has the next rows.
  private func catchUp(_ tasks: [Task], budget: Int) throws -> [Task] {
    let behind = tasks.map { self.behind($0.sequence) }
    let shares = DraftShares.rows(behind: behind, budget: budget, limit: workspace.limits.rows)
    var chosen: [(task: Task, positions: Range<Int>)] = []
    var logitCount = 0
    claimed.removeAll(keepingCapacity: true)
    for (index, rows) in shares.enumerated() where rows > 0 && logitCount < workspace.limits.logitRows {
      var task = tasks[index]
      let start = task.sequence.tokens.count - behind[index]
      let positions = start..<start + rows
      let cache = try cache(of: task.sequence, count: start)
      guard cache.hasBlocks(forNext: rows), claim(positions, of: task.sequence) else { continue }
      task.isGuessing = rows == behind[index]
      logitCount += task.isGuessing ? 1 : 0
      chosen.append((task, positions))
      batch.append(
        SequenceInput(
          task.sequence.tokens[positions], cache: cache, logitCount: task.isGuessing ? 1 : 0))
    }
    guard !chosen.isEmpty else { return [] }
    let logits = try run(guesses: logitCount)
    var going: [Task] = []
    var inputs: [SequenceInput] = []
    for (index, (task, positions)) in chosen.enumerated() {
      let (start, known) = (positions.lowerBound, task.sequence.computed)
      progress.noteComputed(
        start..<max(min(positions.upperBound, known), start), task.sequence.table.blocks, group: layout.host)
      guard task.isGuessing else { continue }
      mirrors[task.sequence.id]?.ahead = positions.upperBound
      going.append(task)
      inputs.append(batch[index])
    }
    batch = inputs
    choose(&going, logits)
    return going
  }

  /// Takes a guess for each sequence from its row of logits; those that want no more leave the batch.
  private func choose(_ tasks: inout [Task], _ logits: Rows) {
    var kept = 0
    for (row, task) in tasks.enumerated() {
      guard let guess = guess(task, logits, row) else { continue }
      task.sequence.drafts.append(guess)
      guard task.sequence.drafts.count < task.count,
        Int(guess) < transformer.configuration.vocabularySize
      else { continue }
      batch[kept] = batch[row]
      batch[kept].setToken(guess)
      batch[kept].logitCount = 1
      tasks[kept] = task
      kept += 1
    }
    tasks.removeLast(tasks.count - kept)
    batch.removeLast(batch.count - kept)
  }

  /// One guess, if there is one; whatever it is, it is verified.
  private func guess(_ task: Task, _ logits: Rows, _ row: Int) -> Int32? {
    let (sequence, own) = (task.sequence, unsafe logits.buffer(row: row))
    let token: Int32?
    if padded.isEmpty {
      // Rows behind the model's vocabulary are no tokens.
      token = unsafe task.driver.guess(.init(rebasing: own[..<vocabularySize]), behind: sequence.drafts)
    } else {
      token = unsafe padded.withUnsafeMutableBufferPointer { padded in
        for index in padded.indices { unsafe padded[index] = index < own.count ? own[index] : -.infinity }
        return unsafe task.driver.guess(padded, behind: sequence.drafts)
      }
    }
    return token.flatMap { $0 >= 0 && Int($0) < vocabularySize ? $0 : nil }
  }

  private func run(guesses: Int) throws -> Rows {
    let start = now()
    let logits = try transformer.forward(batch, in: workspace)
    passes.append(
      PassTime(
        rows: batch.reduce(0) { $0 + $1.tokens.count }, guesses: guesses,
        seconds: now() - start))
    return logits
  }

  /// Whether no other sequence is about to write the same shared blocks, which then are computed when it comes to this one.
  private func claim(_ positions: Range<Int>, of sequence: TokenSequence) -> Bool {
    let first = positions.lowerBound / BlockManager.blockLength
    let end = min((positions.upperBound - 1) / BlockManager.blockLength + 1, sequence.table.nodes.count)
    guard first < end else { return true }
    let shared = sequence.table.blocks[first..<end].lazy.map { [host = layout.host] in $0[host] }
    guard !shared.contains(where: claimed.contains) else { return false }
    claimed.formUnion(shared)
    return true
  }

  /// The draft model's view of a sequence's blocks, as its table says.
  private func cache(of sequence: TokenSequence, count: Int) throws(TensorError) -> KVCache {
    let cache: KVCache
    if let known = mirrors[sequence.id]?.cache {
      cache = known
    } else {
      cache = try KVCache(pool: pool, capacity: capacity)
      mirrors[sequence.id] = Mirror(cache: cache)
    }
    for (index, numbers) in sequence.table.blocks.enumerated() {
      for group in layout.shape.groups.indices {
        cache.setBlock(numbers[layout.host], at: index, group: group)
      }
    }
    cache.count = count
    return cache
  }
}
