import MinkeEngine
import MinkeModels
import MinkeSampling
import MinkeTensors
import Synchronization
import Testing

@Suite(.serialized) struct `A draft model guesses for the model` {
  private static let pool = WorkerPool(threadCount: 2)

  private struct Question {
    var prompt: [Int32]
    var parameters: SamplingParameters
    var count: Int
    var identity: Identity
    /// Milliseconds after which it is given up.
    var patience: Int?
  }

  /// Prompts that share their beginnings, in the middle of blocks too.
  private static let questions: [Question] = {
    var random = RandomNumbers(seed: 5)
    let stems = (0..<3).map { _ in (0..<150).map { _ in Int32(random.below(40)) } }
    return (0..<20).map { index in
      var parameters = SamplingParameters.greedy
      if !index.isMultiple(of: 3) {
        parameters.temperature = 0.5 + Float(index) / 20
        parameters.seed = UInt64(index)
        parameters.topP = index.isMultiple(of: 2) ? 0.9 : 1
        parameters.repetitionPenalty = index.isMultiple(of: 5) ? 1.2 : 1
      }
      let prompt =
        Array(stems[index % 3].prefix(1 + random.below(150)))
        + (0..<random.below(9)).map { _ in Int32(random.below(40)) }
      return Question(
        prompt: prompt, parameters: parameters, count: 5 + random.below(70),
        identity: Identity("\(index % 2)"),
        patience: index % 7 == 6 ? 1 + index / 3 : nil)
    }
  }()

  /// - Parameter conversations: memory for so many, about.
  private static func engine(
    _ model: RandomModel = RandomModel(), draft: RandomModel? = nil, draftCount: Int? = nil,
    conversations: Int = 24, now: (@Sendable () -> Double)? = nil
  ) throws -> Engine {
    let transformer = try model.load(pool)
    let draft = try draft.map { try $0.load(pool) }
    let bytes =
      (transformer.configuration.cacheShape().byteCount(capacity: 256) ?? 0)
      + (draft?.configuration.cacheShape().byteCount(capacity: 256) ?? 0)
    var options = EngineOptions(cacheBytes: conversations * bytes, contextLength: 256)
    options.limits.rows = 128
    options.limits.soloChunk = 128
    options.limits.sequences = 12
    options.draftCount = draftCount
    if let now { options.now = now }
    return try Engine(transformer, options, draft: draft)
  }

  /// What the questions come to one after the other, without guesses.
  private static let alone = Task {
    let plain = try engine()
    var answers: [[Int32]] = []
    for question in questions {
      answers.append(
        try await SampledSequence.run(
          plain, question.prompt, question.parameters, count: question.count, speculates: false))
    }
    return answers
  }

  /// Asks all questions at once and compares.
  private static func compare(_ engine: Engine, _ run: Int = 0, guesses: SampledSequence.Guesses = .sampled)
    async throws
  {
    let expected = try await alone.value
    try await withThrowingTaskGroup(of: (Int, [Int32]).self) { group in
      for (index, question) in questions.enumerated() {
        group.addTask {
          try await Task.sleep(for: .milliseconds((run * 31 + index * 17) % 13))
          let tokens = try await SampledSequence.run(
            engine, question.prompt, question.parameters, count: question.count, identity: question.identity,
            guesses: guesses, cancelledAfter: question.patience.map { .milliseconds($0) })
          return (index, tokens)
        }
      }
      for try await (index, tokens) in group {
        if questions[index].patience == nil {
          #expect((tokens == expected[index]) as Bool, "sequence \(index) in run \(run)")
        } else {
          #expect(expected[index].starts(with: tokens), "sequence \(index) in run \(run)")
        }
      }
    }
  }

  // MARK: The same tokens

  private static let drafts: [(String, RandomModel, share: ClosedRange<Double>)] = [
    ("the model itself", RandomModel(), 1...1), ("one that is near", RandomModel(noise: 0.05), 0.3...0.999),
    ("any other", RandomModel(layerCount: 1, seed: 77), 0...0.5),
  ]

  /// The model as its own draft guesses everything right as long as what it keeps of each sequence is that sequence's: a
  /// stale block would be found out.
  @Test(arguments: drafts.indices)
  func `Tokens are the same, whatever the scheduler decides`(index: Int) async throws {
    let (name, draft, share) = Self.drafts[index]
    let tight = try Self.engine(draft: draft, draftCount: 3, conversations: 5)
    let violations = Mutex<[String]>([])
    tight.checkEveryStep { found in violations.withLock { $0 += found } }
    for run in 0..<12 {
      tight.disturb(run == 0 ? nil : Disturbance(seed: UInt64(run)))
      try await Self.compare(tight, run)
    }
    #expect(violations.withLock { $0.prefix(5) } == [])
    let statistics = tight.statistics
    #expect(statistics.preemptions > 20 && statistics.cache.evictions > 20)
    #expect(statistics.cache.cachedTokens > 100)
    #expect(statistics.draftedByModel > 1000)
    let accepted = Double(statistics.acceptedByModel) / Double(statistics.draftedByModel)
    #expect(share.contains(accepted), "\(name): \(accepted)")
  }

  @Test func `Senseless guesses and vocabularies of other sizes do no harm`() async throws {
    for size in [31, 40, 64] {
      let engine = try Self.engine(draft: RandomModel(vocabularySize: size), draftCount: 2)
      try await Self.compare(engine)
      try await Self.compare(engine, guesses: .senseless)
      // A draft model with fewer tokens reads as far as it has them all.
      _ = try await SampledSequence.run(engine, [1, 2, 3], .greedy, count: 9)
      #expect(engine.statistics.draftedByModel > 0)
    }
  }

  @Test func `A draft model whose logits are no numbers guesses nothing`() async throws {
    let engine = try Self.engine(draft: RandomModel(noise: .infinity), draftCount: 2)
    try await Self.compare(engine)
    #expect(engine.statistics.draftedByModel == 0)
  }

  @Test func `A draft model that was made for shorter texts stops where they end`() async throws {
    let engine = try Self.engine(draft: RandomModel(contextLength: 40), draftCount: 2)
    _ = try await SampledSequence.run(engine, Array(0..<30), .greedy, count: 100)
    let drafted = engine.statistics.draftedByModel
    #expect(drafted > 0 && drafted <= 20)
    try await Self.compare(engine)
  }

  // MARK: What it is good for

  @Test func `The model as its own draft needs a fraction of the passes`() async throws {
    let engine = try Self.engine(draft: RandomModel(), draftCount: 7)
    var parameters = SamplingParameters.greedy
    parameters.temperature = 1
    parameters.seed = 3
    let prompt: [Int32] = [1, 2, 3, 4, 5]
    let tokens = try await SampledSequence.run(engine, prompt, parameters, count: 160)
    let plain = try await SampledSequence.run(
      try Self.engine(), prompt, parameters, count: 160, speculates: false)
    #expect((tokens == plain) as Bool)
    // One pass for the prompt and each eight tokens, more where the text repeats itself and guesses from there are wrong.
    #expect(engine.statistics.steps < 40)
    #expect(engine.statistics.acceptedByModel == engine.statistics.draftedByModel)
  }

  @Test func `A draft model that is never right is given up and costs little`() async throws {
    // Every pass takes as long as any other, however busy the machine is.
    let milliseconds = Atomic(0)
    let engine = try Self.engine(draft: RandomModel(layerCount: 1, seed: 1234)) {
      Double(milliseconds.add(1, ordering: .relaxed).newValue) / 1000
    }
    var tokens = 0
    for seed in 0..<24 {
      var parameters = SamplingParameters.greedy
      parameters.temperature = 1.5
      parameters.seed = UInt64(seed)
      tokens += try await SampledSequence.run(
        engine, Array(0..<20), parameters, count: 100, identity: Identity("\(seed)")
      ).count
    }
    let statistics = engine.statistics
    #expect(statistics.draftedByModel > 0)
    #expect(statistics.draftedByModel < tokens / 10 && statistics.draftPasses < tokens / 10)
    print("given up: \(statistics)")
  }

  @Test func `Sequences that do not speculate cost the draft model nothing`() async throws {
    let engine = try Self.engine(draft: RandomModel(), draftCount: 4)
    _ = try await SampledSequence.run(engine, Array(0..<30), .greedy, count: 50, speculates: false)
    #expect(engine.statistics.draftPasses == 0 && engine.statistics.drafted == 0)
  }

  @Test func `A draft model far behind catches up in parts while others run`() async throws {
    var options = EngineOptions(cacheBytes: 1 << 24, contextLength: 512)
    options.limits.chunk = 16
    options.limits.soloChunk = 32
    options.draftCount = 1
    let engine = try Engine(RandomModel().load(Self.pool), options, draft: RandomModel().load(Self.pool))
    let prompt = (0..<300).map { Int32($0 * 7 % 40) }
    _ = try await SampledSequence.run(engine, prompt, .greedy, count: 2)
    // Two passes of up to 32 rows at most for the one token that is chosen before the end.
    #expect(engine.statistics.draftRows <= 64 && engine.statistics.draftedByModel == 0)
    _ = try await SampledSequence.run(engine, prompt, .greedy, count: 60)
    #expect(engine.statistics.draftedByModel > 0)
    #expect(engine.statistics.acceptedByModel == engine.statistics.draftedByModel)
  }
}
