internal import Dispatch
package import MinkeModels
internal import MinkeTensors
internal import Synchronization

/// Runs many sequences of one model at once: schedule, run, choose, over and over, on a queue of its own.
///
/// A sequence's tokens depend on its own prompt, driver and seed alone: not on who else is there, on how its prompt is cut
/// up, or on whether it had to make room.
package final class Engine: @unchecked Sendable {
  // Sendable by hand: `loop` is touched only on the queue, which runs one job at a time; the inbox is behind a lock.

  package let transformer: Transformer
  package let options: EngineOptions
  private let loop: EngineLoop
  private let queue = DispatchQueue(label: "minke.engine", qos: .userInitiated)
  private let inbox: Mutex<Inbox>

  private struct Inbox {
    var room: WaitingRoom
    var nextNumber = 0
    var arrivals: [EngineLoop.Arrival] = []
    var cancelled: [Int] = []
    var isRunning = false
    var statistics = EngineStatistics()
  }

  /// - Throws: `ModelError` or `TensorError` when memory is refused.
  package init(_ transformer: Transformer, _ options: EngineOptions) throws {
    self.transformer = transformer
    self.options = options
    loop = try EngineLoop(transformer, options)
    inbox = Mutex(
      Inbox(
        room: WaitingRoom(
          limit: options.limits.waiting, limitPerIdentity: options.limits.waitingPerIdentity)))
  }

  /// Memory that passes work in; for jobs.
  package var workspace: Workspace { loop.runner.workspace }

  /// As of the last step.
  package var statistics: EngineStatistics { inbox.withLock { $0.statistics } }

  /// Makes decisions by chance from here on; for tests.
  package func disturb(_ disturbance: Disturbance?) { perform { loop.scheduler.disturbance = disturbance } }

  /// Calls back after every step, or every `nth` one, with what does not hold of the cache's books; for tests.
  package func checkEveryStep(nth interval: Int = 1, _ report: (@Sendable ([String]) -> Void)?) {
    perform { (loop.report, loop.reportInterval) = (report, max(interval, 1)) }
  }

  /// What does not hold of the cache's books now.
  package func checkBooks() -> [String] { perform { loop.violations() } }

  /// Gives up what is kept for sequences to come, and its memory.
  ///
  /// - Returns: what is still held.
  package func dropCache() -> CacheUsage {
    perform {
      loop.dropCache()
      return loop.statistics.usage
    }
  }
}

// MARK: Sequences

extension Engine {
  /// Takes a sequence. Its driver hears everything else.
  ///
  /// - Throws: ``EngineError`` for a full queue, for tokens that are none, and for a sequence that memory could never hold.
  @discardableResult
  package func submit(
    _ request: EngineRequest, _ driver: any SequenceDriver & Sendable
  ) throws(EngineError) -> EngineTicket {
    try check(request)
    let ticket = try inbox.withLock { inbox throws(EngineError) in
      try inbox.room.enter(request.identity)
      inbox.nextNumber += 1
      inbox.arrivals.append(.init(number: inbox.nextNumber, request: request, driver: driver))
      return EngineTicket(number: inbox.nextNumber)
    }
    wake()
    return ticket
  }

  /// A number for requests that have the same prompt.
  package func makePromptGroup() -> Int {
    inbox.withLock { inbox in
      inbox.nextNumber += 1
      return inbox.nextNumber
    }
  }

  /// Ends a sequence at the next step; its driver is told.
  package func cancel(_ ticket: EngineTicket) {
    inbox.withLock { $0.cancelled.append(ticket.number) }
    wake()
  }

  /// Tokens that a sequence may have, prompt and answer together.
  package var sequenceLimit: Int { loop.sequenceLimit }

  private func check(_ request: EngineRequest) throws(EngineError) {
    guard !request.tokens.isEmpty, request.tokens.count < sequenceLimit else {
      throw EngineError(
        .memory, "prompt", found: "\(request.tokens.count) tokens",
        expected: "1 to \(sequenceLimit - 1), so that the cache holds an answer too")
    }
    let vocabulary = Int32(clamping: transformer.configuration.vocabularySize)
    if let index = request.tokens.firstIndex(where: { $0 < 0 || $0 >= vocabulary }) {
      throw EngineError(
        .tokens, "token \(index) of the prompt", found: "id \(request.tokens[index])",
        expected: "0 to \(vocabulary - 1)")
    }
  }
}

// MARK: The queue

extension Engine {
  /// Runs a job between steps and waits for it. Not to be called from a job or a driver.
  package func perform<Result, Failure: Error>(_ job: () throws(Failure) -> Result) throws(Failure) -> Result
  {
    let result: Swift.Result<Result, Failure> = queue.sync {
      do throws(Failure) { return .success(try job()) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private func wake() {
    let starts = inbox.withLock { inbox in
      defer { inbox.isRunning = true }
      return !inbox.isRunning
    }
    if starts { queue.async { self.turn() } }
  }

  /// One step, and the next one behind the jobs that wait.
  private func turn() {
    let (arrivals, cancelled) = inbox.withLock { inbox in
      defer { (inbox.arrivals, inbox.cancelled) = ([], []) }
      return (inbox.arrivals, inbox.cancelled)
    }
    let left = loop.step(arrivals, cancelled)
    let goesOn = inbox.withLock { inbox in
      for identity in left { inbox.room.leave(identity) }
      inbox.statistics = loop.statistics
      inbox.isRunning = !loop.isIdle || !inbox.arrivals.isEmpty || !inbox.cancelled.isEmpty
      return inbox.isRunning
    }
    if goesOn { queue.async { self.turn() } }
  }
}
