internal import MinkeEngine
internal import MinkeTokenizers
internal import Synchronization

/// An answer that may be told to end, also before the engine has it.
final class RunningAnswer: Sendable {
  private struct State {
    var isCancelled = false
    var ticket: EngineTicket?
    /// What is to be cancelled along: tools that run.
    var task: Task<Void, Never>?
  }

  private let engine: Engine
  private let state = Mutex(State())

  init(_ engine: Engine) { self.engine = engine }

  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  func cancel() {
    let (ticket, task) = state.withLock { state in
      state.isCancelled = true
      return (state.ticket, state.task)
    }
    if let ticket { engine.cancel(ticket) }
    task?.cancel()
  }

  /// Makes a task one that is cancelled along.
  func cancels(_ task: Task<Void, Never>) {
    let isLate = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isLate { task.cancel() }
  }

  /// Runs the answer to its end.
  ///
  /// - Returns: prompt and answer.
  func run(_ driver: AnswerDriver, _ request: EngineRequest) async throws(MinkeError) -> [TokenID] {
    let result = await withCheckedContinuation { waiting in
      driver.whenEnded = { waiting.resume(returning: $0) }
      do {
        try submit(request, driver)
      } catch {
        waiting.resume(returning: .failure(MinkeError(error)))
      }
    }
    return try result.get()
  }

  private func submit(_ request: EngineRequest, _ driver: AnswerDriver) throws(EngineError) {
    let ticket = try engine.submit(request, driver)
    let isLate = state.withLock { state in
      state.ticket = ticket
      return state.isCancelled
    }
    if isLate { engine.cancel(ticket) }
  }
}
