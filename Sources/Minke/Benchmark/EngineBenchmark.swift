internal import Foundation
internal import MinkeEngine
internal import MinkeModels
internal import MinkeSampling

/// Measures what the engine adds to the passes, and how long others' prompts hold up a short one.
public enum EngineBenchmark {
  /// What is measured.
  public struct Plan: Sendable {
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

  public struct Report: Sendable {
    /// Tokens a second of all conversations together, through the engine …
    public var engineRate: Measurements
    /// … and by passes over the same number of sequences, one after the other, without sampling.
    public var passRate: Measurements
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
    var passes = BenchmarkPlan()
    passes.prompt = 0
    passes.generate = plan.generate
    passes.batches = [plan.conversations]
    var runner = try model.engine.perform { try BenchmarkRunner(passes, model.engine) }
    let test = BenchmarkPlan.Test(.decode, depth: 0, batch: plan.conversations)
    let total = Double(plan.conversations * plan.generate)
    var (engineRates, passRates, idle, held): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    var (alone, beside): ([Double], [Double]) = ([], [])
    for repetition in 0...plan.repetitions {
      let passSeconds = try model.engine.perform { try runner.seconds(test) }
      let engineSeconds = try await conversations(model, plan)
      let idleSeconds = try await firstToken(model, tokens: plan.shortPrompt).seconds
      let longSeconds = try await firstToken(model, tokens: plan.longPrompt).seconds
      let (whileHeld, longHeld) = try await heldUp(model, plan)
      // The first time warms up.
      guard repetition > 0 else { continue }
      passRates.append(total / passSeconds)
      engineRates.append(total / engineSeconds)
      idle.append(idleSeconds)
      held += whileHeld
      alone.append(Double(plan.longPrompt) / longSeconds)
      beside.append(Double(plan.longPrompt) / longHeld)
    }
    guard let engineRate = Measurements(engineRates), let passRate = Measurements(passRates),
      let idleTime = Measurements(idle), let heldTime = Measurements(held),
      let longRate = Measurements(alone), let longRateWhileHeld = Measurements(beside)
    else { throw MinkeError(.parameters, "nothing was measured; expected at least one repetition") }
    return Report(
      engineRate: engineRate, passRate: passRate, idle: idleTime, held: heldTime, longRate: longRate,
      longRateWhileHeld: longRateWhileHeld)
  }

  /// Seconds from the first token of any conversation to the end of all.
  private static func conversations(_ model: LanguageModel, _ plan: Plan) async throws -> Double {
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

/// A sequence of random tokens that takes the likeliest token and notes when.
private final class MeasuredSequence: SequenceDriver, @unchecked Sendable {
  // Sendable by hand: after it is made it is touched on the engine's queue only.

  struct Times: Sendable {
    /// Seconds since the reference date at the first token and at the last.
    var first: Double
    var last: Double
    /// From submission to the first token.
    var seconds: Double
  }

  private var left: Int
  private var sampler: Sampler
  private let start = Date.timeIntervalSinceReferenceDate
  private var first: Double?
  private let done: CheckedContinuation<Times, any Error>

  static func run(_ model: LanguageModel, tokens: Int, generate: Int) async throws -> Times {
    let engine = model.engine
    // Another one each time, so that nothing of it is in the cache.
    let prompt = BenchmarkRunner.randomTokens(
      tokens, engine.transformer.configuration, seed: .random(in: 0 ... .max))
    return try await withCheckedThrowingContinuation { continuation in
      do {
        let driver = MeasuredSequence(
          try Sampler(.greedy, vocabularySize: engine.transformer.configuration.vocabularySize),
          generate: generate, continuation)
        // Random tokens say nothing of how often guesses are right.
        try engine.submit(EngineRequest(prompt, speculates: false), driver)
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  private init(_ sampler: consuming Sampler, generate: Int, _ done: CheckedContinuation<Times, any Error>) {
    self.sampler = sampler
    left = generate
    self.done = done
  }

  func prefilled(_ done: Int, of total: Int) {}

  func next(_ logits: UnsafeMutableBufferPointer<Float>) throws -> NextTokens {
    let token = unsafe try sampler.sample(logits).token
    if first == nil { first = Date.timeIntervalSinceReferenceDate }
    left -= 1
    return left > 0 ? .one(token) : .end
  }

  func ended(_ ending: SequenceEnding) {
    if case .failed(let error) = ending { return done.resume(throwing: error) }
    let now = Date.timeIntervalSinceReferenceDate
    done.resume(returning: Times(first: first ?? now, last: now, seconds: (first ?? now) - start))
  }
}
