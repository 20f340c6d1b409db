import MinkeEngine
import MinkeModels
import MinkeSampling

/// A sequence that samples so many tokens, or is given up after some.
final class SampledSequence: SequenceDriver, @unchecked Sendable {
  // Sendable by hand: after it is made it is touched on the engine's queue only.

  private var sampler: Sampler
  private var left: Int
  private var tokens: [Int32] = []
  private let guesses: Guesses
  private let done: CheckedContinuation<[Int32], any Error>

  /// What it makes of a draft model's logits.
  enum Guesses: Sendable {
    case sampled
    /// Numbers that are no tokens, or none.
    case senseless
  }

  /// The tokens that an engine gives behind a prompt.
  static func run(
    _ engine: Engine, _ prompt: [Int32], _ parameters: SamplingParameters, count: Int,
    identity: Identity = .local, speculates: Bool = true, guesses: Guesses = .sampled,
    cancelledAfter patience: Duration? = nil
  ) async throws -> [Int32] {
    try await withCheckedThrowingContinuation { continuation in
      do {
        var sampler = try Sampler(
          parameters, vocabularySize: engine.transformer.configuration.vocabularySize)
        sampler.observePrompt(prompt)
        let driver = SampledSequence(sampler, count: count, guesses, continuation)
        let ticket = try engine.submit(
          EngineRequest(prompt, identity: identity, speculates: speculates), driver)
        guard let patience else { return }
        Task {
          try await Task.sleep(for: patience)
          engine.cancel(ticket)
        }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  private init(
    _ sampler: consuming Sampler, count: Int, _ guesses: Guesses,
    _ done: CheckedContinuation<[Int32], any Error>
  ) {
    self.sampler = sampler
    left = count
    self.guesses = guesses
    self.done = done
  }

  func prefilled(_ done: Int, of total: Int) {}

  func next(_ logits: UnsafeMutableBufferPointer<Float>) throws -> NextTokens {
    let token = unsafe try sampler.sample(logits).token
    sampler.accept(token)
    tokens.append(token)
    left -= 1
    return left > 0 ? .one(token) : .end
  }

  func guess(_ logits: UnsafeMutableBufferPointer<Float>, behind guesses: [Int32]) -> Int32? {
    switch self.guesses {
    case .sampled: return unsafe sampler.guess(logits, behind: guesses)
    case .senseless: return [-1, nil, .max, Int32(logits.count), 0][(tokens.count + guesses.count) % 5]
    }
  }

  func ended(_ ending: SequenceEnding) {
    switch ending {
    case .complete, .cancelled: done.resume(returning: tokens)
    case .failed(let error): done.resume(throwing: error)
    }
  }
}
