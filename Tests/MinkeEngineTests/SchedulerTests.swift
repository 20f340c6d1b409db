import MinkeEngine
import Testing

/// Runs sequences through scheduler and block manager with a pretended model, and checks everything after every step.
private struct Simulation {
  var scheduler: Scheduler
  var blocks: BlockManager
  var model: PretendModel
  var draft: PretendDraft?
  var random: RandomNumbers
  let vocabulary: UInt64 = 3
  var wanted: [Int: Int] = [:]
  var finished: [Int: [Int32]] = [:]
  var stepCount = 0

  init(seed: UInt64, groups: [BlockGroup], byteLimit: Int, disturbed: Bool, limits: SchedulerLimits = .init())
  {
    scheduler = Scheduler(limits)
    if disturbed { scheduler.disturbance = Disturbance(seed: seed) }
    blocks = BlockManager(groups: groups, byteLimit: byteLimit)
    model = PretendModel(groups)
    draft = PretendDraft(groups)
    random = RandomNumbers(seed: seed)
  }

  mutating func add(_ sequence: TokenSequence, answer: Int) {
    wanted[sequence.id] = sequence.promptCount + answer
    scheduler.add(sequence)
  }

  mutating func step() throws {
    stepCount += 1
    let plan = scheduler.plan(&blocks)
    try #require(plan.stuck.isEmpty)
    try #require(plan.rowCount <= scheduler.limits.rows)
    model.copy(plan.copies)
    model.release(blocks.releases)
    draft?.begin(plan, blocks.releases)
    blocks.releases = []
    for slice in plan.slices {
      let sequence = slice.sequence
      let drafts = Array(sequence.drafts.prefix(slice.draftCount))
      let own = sequence.tokens[sequence.computed..<sequence.computed + slice.count]
      let read = model.run(sequence, Array(own) + drafts)
      let rows = try #require(read, "a foreign past in step \(stepCount)")
      var computed = sequence.computed + slice.count
      if slice.logitCount > 0 {
        for row in 0...drafts.count {
          let token = PretendModel.next(rows[slice.count - 1 + row], vocabulary: vocabulary)
          sequence.append(token)
          guard sequence.tokens.count < wanted[sequence.id] ?? 0, row < drafts.count, drafts[row] == token
          else { break }
          computed += 1
        }
      }
      draft?.settle(sequence, computed: computed)
      let isAwaited = scheduler.isAwaited(sequence)
      scheduler.advance(sequence, to: computed, &blocks)
      if isAwaited, computed == sequence.promptCount {
        let copies = blocks.share(sequence.table, sequence.tokens, computed: computed)
        model.copy(copies)
        draft?.copy(copies)
      }
      sequence.drafts = (0..<random.below(4)).map { _ in Int32(random.below(Int(vocabulary))) }
      if sequence.tokens.count >= wanted[sequence.id] ?? 0 {
        finished[sequence.id] = sequence.tokens
        scheduler.remove(sequence, &blocks)
      }
      try check()
    }
    for sequence in scheduler.running {
      let isRight = draft?.run(sequence, &random) ?? true
      try #require(isRight, "the draft model lacks what it is said to have in step \(stepCount)")
    }
    try check()
  }

  /// What a file would have of an identity.
  func saved(_ identity: Identity) -> [(node: NodeToSave, contents: [[UInt64]?])] {
    blocks.nodesToSave(of: identity).compactMap { node in
      blocks.blocks(of: node).map { (node, model.contents($0)) }
    }
  }

  /// Restores it for an identity, and returns how many nodes were taken in.
  mutating func restore(
    _ saved: [(node: NodeToSave, contents: [[UInt64]?])], _ identity: Identity
  ) throws -> Int {
    let start = blocks.beginRestoring()
    var restored: [RestoredNode?] = []
    for (node, contents) in saved {
      try #require(node.parent < restored.count, "a parent comes before its children")
      let parent = node.parent < 0 ? nil : restored[node.parent]
      guard node.parent < 0 || parent != nil else {
        restored.append(nil)
        continue
      }
      let result = blocks.restore(
        node.tokens, groups: contents.map { $0 != nil }, under: parent, identity, since: start)
      model.release(blocks.releases)
      draft?.release(blocks.releases)
      blocks.releases = []
      if let result {
        model.fill(result.blocks, contents)
        draft?.forget(result.blocks)
      }
      restored.append(result)
      try check()
    }
    return restored.count { $0?.wasThere == false }
  }

  func check() throws {
    let violations = blocks.violations(scheduler.running.map(\.table))
    try #require(violations.isEmpty, "\(violations.prefix(5)) in step \(stepCount)")
  }
}

struct RandomNumbers {
  private var state: UInt64
  init(seed: UInt64) { state = seed &+ 77 }
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 20
  }
  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(max(count, 1))) }
}

struct SchedulerTests {
  static let shapes: [[BlockGroup]] = [
    [BlockGroup(byteCount: 10)], [BlockGroup(byteCount: 4), BlockGroup(byteCount: 9, window: 100)],
    [BlockGroup(byteCount: 7, window: 64)],
  ]

  @Test(arguments: 0..<60)
  func everySequenceComesToTheSameTokensAsAlone(seed: Int) throws {
    let groups = Self.shapes[seed % 3]
    var limits = SchedulerLimits()
    limits.sequences = 6
    limits.rows = 200
    limits.logitRows = 12
    var simulation = Simulation(
      seed: UInt64(seed), groups: groups,
      byteLimit: groups.reduce(0) { $0 + $1.byteCount } * (14 + seed % 30), disturbed: seed % 4 != 3,
      limits: limits)
    var random = RandomNumbers(seed: UInt64(seed) &* 31)
    let stems = (0..<3).map { _ in (0..<300).map { _ in Int32(random.below(3)) } }
    var started: [Int: (prompt: [Int32], answer: Int)] = [:]
    var sequences: [TokenSequence] = []
    var arrivals = 0
    var saved: [(node: NodeToSave, contents: [[UInt64]?])] = []
    for _ in 0..<400 {
      // What was saved of one identity comes back for another: what blocks hold depends on tokens alone.
      if random.below(25) == 0 { saved = simulation.saved(Identity("\(random.below(3))")) }
      if random.below(25) == 0 { _ = try simulation.restore(saved, Identity("\(random.below(3))")) }
      if sequences.count < 60, random.below(3) == 0 {
        let stem = stems[random.below(3)].prefix(1 + random.below(300))
        let prompt = Array(stem) + (0..<random.below(40)).map { _ in Int32(random.below(3)) }
        let count = random.below(4) == 0 ? 3 : 1
        for _ in 0..<count {
          arrivals += 1
          let sequence = TokenSequence(
            id: arrivals, tokens: prompt, identity: Identity("\(random.below(3))"),
            isShared: random.below(8) != 0, priority: random.below(2),
            promptGroup: count > 1 ? arrivals / 3 : nil)
          let answer = 1 + random.below(120)
          started[sequence.id] = (prompt, answer)
          simulation.add(sequence, answer: answer)
          sequences.append(sequence)
        }
      }
      if random.below(40) == 0, let victim = sequences.randomElementBy(&random),
        simulation.finished[victim.id] == nil
      {
        // Cancelled: its blocks are free at once.
        simulation.scheduler.remove(victim, &simulation.blocks)
        started[victim.id] = nil
      }
      try simulation.step()
    }
    var rest = 0
    while !simulation.scheduler.isIdle {
      try simulation.step()
      rest += 1
      try #require(rest < 20_000, "the scheduler makes no progress")
    }
    for (id, wanted) in started {
      let expected = PretendModel.alone(
        wanted.prompt, count: wanted.answer, vocabulary: simulation.vocabulary)
      #expect((simulation.finished[id] == expected) as Bool, "sequence \(id)")
    }
    #expect(simulation.blocks.usage.running == 0)
  }
}

extension Array {
  fileprivate func randomElementBy(_ random: inout RandomNumbers) -> Element? {
    isEmpty ? nil : self[random.below(count)]
  }
}
