internal import MinkeEngine
internal import Synchronization

/// A job that may be told to end, also before the engine has it.
final class RunningJob: Sendable {
  private struct State {
    var isCancelled = false
    var ticket: EngineJobTicket?
  }

  private let engine: Engine
  private let state = Mutex(State())

  init(_ engine: Engine) { self.engine = engine }

  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  func cancel() {
    let ticket = state.withLock { state in
      state.isCancelled = true
      return state.ticket
    }
    if let ticket { engine.cancel(ticket) }
  }

  func submit(_ job: any EngineJob) throws(EngineError) {
    let ticket = try engine.submit(job)
    let isLate = state.withLock { state in
      state.ticket = ticket
      return state.isCancelled
    }
    if isLate { engine.cancel(ticket) }
  }
}
