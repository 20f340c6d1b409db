internal import MinkeEngine

/// Measures what the engine adds to the passes, how long others' prompts hold up a short one, what a long conversation's next
/// turn costs, and how much of decoding masks take.
public enum EngineBenchmark {
  /// What is measured.
  public enum Part: String, Sendable, CaseIterable {
    case conversations, prompts, turns, masks
  }

  public struct Plan: Sendable {
    public var parts = Set(Part.allCases)
    /// Conversations that decode at once.
    public var conversations = 16
    /// Tokens that each decodes.
    public var generate = 128
    /// Tokens of the prompt whose first token is waited for …
    public var shortPrompt = 32
    /// … while one of so many is computed.
    public var longPrompt = 4096
    public var repetitions = 5

    public init() {}
  }

  /// What was found, of each part that was asked for.
  public struct Report: Sendable {
    public var conversations: Conversations?
    public var prompts: Prompts?
    public var turns: Turns?
    public var masks: Masks?
  }

  public struct Conversations: Sendable {
    /// Tokens a second of all conversations together, through the engine …
    public var engineRate: Measurements
    /// … and by passes over the same number of sequences, one after the other, without sampling.
    public var passRate: Measurements
  }

  public struct Prompts: Sendable {
    /// Seconds to the first token of a short prompt that is alone.
    public var idle: Measurements
    /// The same while a long prompt is computed.
    public var held: Measurements
    /// Tokens a second of the long prompt when nothing else is there, and while short ones come.
    public var longRate: Measurements
    public var longRateWhileHeld: Measurements
  }

  /// - Throws: ``MinkeError`` when memory or the model's context do not suffice.
  public static func run(_ model: LanguageModel, _ plan: Plan = Plan()) async throws -> Report {
    guard (1...BenchmarkPlan.repetitionLimit).contains(plan.repetitions) else {
      throw MinkeError(.parameters, "the number of repetitions is \(plan.repetitions); expected at least one")
    }
    var report = Report()
    if plan.parts.contains(.conversations) { report.conversations = try await conversations(model, plan) }
    if plan.parts.contains(.prompts) { report.prompts = try await prompts(model, plan) }
    if plan.parts.contains(.turns) { report.turns = try await turns(model, plan) }
    if plan.parts.contains(.masks) { report.masks = try await masks(model, plan) }
    return report
  }

  /// What was measured; the first time warms up and does not count.
  static func measured(_ values: [Double]) throws(MinkeError) -> Measurements {
    guard let found = Measurements(Array(values.dropFirst())) else {
      throw MinkeError(.parameters, "nothing was measured; expected at least one repetition")
    }
    return found
  }
}

// MARK: Conversations and passes

extension EngineBenchmark {
  private static func conversations(_ model: LanguageModel, _ plan: Plan) async throws -> Conversations {
    var passes = BenchmarkPlan()
    passes.prompt = 0
    passes.generate = plan.generate
    passes.batches = [plan.conversations]
    var runner = try model.engine.perform { try BenchmarkRunner(passes, model.engine) }
    let test = BenchmarkPlan.Test(.decode, depth: 0, batch: plan.conversations)
    let total = Double(plan.conversations * plan.generate)
    var (engineRates, passRates): ([Double], [Double]) = ([], [])
    for _ in 0...plan.repetitions {
      passRates.append(total / (try model.engine.perform { try runner.seconds(test) }))
      engineRates.append(total / (try await secondsOfAll(model, plan)))
    }
    return Conversations(engineRate: try measured(engineRates), passRate: try measured(passRates))
  }

  /// Seconds from the first token of any conversation to the end of all.
  private static func secondsOfAll(_ model: LanguageModel, _ plan: Plan) async throws -> Double {
    try await withThrowingTaskGroup(of: MeasuredSequence.Times.self) { group in
      for _ in 0..<plan.conversations {
        group.addTask {
          try await MeasuredSequence.run(model, tokens: Benchmark.shortPrompt, generate: plan.generate + 1)
        }
      }
      var (first, last) = (Double.infinity, 0.0)
      for try await times in group {
        first = min(first, times.first)
        last = max(last, times.last)
      }
      return last - first
    }
  }

}

// MARK: Prompts beside others

extension EngineBenchmark {
  private static func prompts(_ model: LanguageModel, _ plan: Plan) async throws -> Prompts {
    var (idle, held, alone, beside): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    for repetition in 0...plan.repetitions {
      idle.append(try await firstToken(model, tokens: plan.shortPrompt).seconds)
      let longSeconds = try await firstToken(model, tokens: plan.longPrompt).seconds
      let (whileHeld, longHeld) = try await heldUp(model, plan)
      held += repetition == 0 ? whileHeld.prefix(1) : whileHeld[...]
      alone.append(Double(plan.longPrompt) / longSeconds)
      beside.append(Double(plan.longPrompt) / longHeld)
    }
    return Prompts(
      idle: try measured(idle), held: try measured(held), longRate: try measured(alone),
      longRateWhileHeld: try measured(beside))
  }

  private static func firstToken(_ model: LanguageModel, tokens: Int) async throws -> MeasuredSequence.Times {
    try await MeasuredSequence.run(model, tokens: tokens, generate: 1)
  }

  /// Short prompts, one after the other, while a long one is computed.
  private static func heldUp(_ model: LanguageModel, _ plan: Plan) async throws -> ([Double], Double) {
    async let long = firstToken(model, tokens: plan.longPrompt)
    var seconds: [Double] = []
    for _ in 0..<5 {
      try await Task.sleep(for: .milliseconds(Int.random(in: 20...90)))
      let times = try await firstToken(model, tokens: plan.shortPrompt)
      seconds.append(times.seconds)
    }
    return (seconds, try await long.seconds)
  }
}
