internal import MinkeEngine
internal import MinkeTokenizers

/// An answer that may be told to end, also before the engine has it.
final class RunningAnswer: Sendable {
  private let engine: Engine
  private let cancellation = Cancellation()

  init(_ engine: Engine) { self.engine = engine }

  var isCancelled: Bool { cancellation.isCancelled }

  func cancel() { cancellation.cancel() }

  /// Makes a task one that is cancelled along: tools that run.
  func cancels(_ task: Task<Void, Never>) { cancellation.onCancel { task.cancel() } }

  /// Runs the answer to its end.
  ///
  /// - Returns: prompt and answer.
  func run(_ driver: AnswerDriver, _ request: EngineRequest) async throws(MinkeError) -> [TokenID] {
    let result = await withCheckedContinuation { waiting in
      driver.whenEnded = { waiting.resume(returning: $0) }
      do {
        let ticket = try engine.submit(request, driver)
        // One that has ended is no longer there to be cancelled, which is no error.
        cancellation.onCancel { [engine] in engine.cancel(ticket) }
      } catch {
        waiting.resume(returning: .failure(MinkeError(error)))
      }
    }
    return try result.get()
  }
}
