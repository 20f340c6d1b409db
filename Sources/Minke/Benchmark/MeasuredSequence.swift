internal import Foundation
internal import MinkeEngine
internal import MinkeModels
internal import MinkeSampling

/// A sequence of random tokens that takes the likeliest token and notes when.
final class MeasuredSequence: SequenceDriver, @unchecked Sendable {
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
