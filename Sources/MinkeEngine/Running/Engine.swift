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
  /// What guesses tokens for the model to verify, where there is such a thing.
  package let draft: Transformer?
  package let options: EngineOptions
  /// For jobs.
  let loop: EngineLoop
  private let queue = DispatchQueue(label: "minke.engine", qos: .userInitiated)
  private let inbox: Mutex<Inbox>

  private struct Inbox {
    var room: WaitingRoom
    var jobs: JobLine<any EngineJob>
    var nextNumber = 0
    var arrivals: [EngineLoop.Arrival] = []
    var cancelled: [Int] = []
    var isRunning = false
    var statistics = EngineStatistics()
  }

  /// - Parameter draft: a model of the same vocabulary that guesses tokens, where that is faster; it changes no token.
  /// - Throws: `ModelError` or `TensorError` when memory is refused, ``EngineError`` for too little memory and for a draft
  ///   model that cannot be kept in step.
  package init(_ transformer: Transformer, _ options: EngineOptions, draft: Transformer? = nil) throws {
    self.transformer = transformer
    self.draft = draft
    self.options = options
    loop = try EngineLoop(transformer, options, draft: draft)
    let (limit, share) = (options.limits.waiting, options.limits.waitingPerIdentity)
    inbox = Mutex(
      Inbox(
        room: WaitingRoom(limit: limit, limitPerIdentity: share),
        jobs: JobLine(limit: limit, limitPerIdentity: share)))
  }

  /// Memory that passes work in; for jobs.
  package var workspace: Workspace { loop.runner.workspace }

  /// As of the last step.
  package var statistics: EngineStatistics { inbox.withLock { $0.statistics } }

  /// Makes decisions by chance from here on; for tests.
  package func disturb(_ disturbance: Disturbance?) { perform { loop.scheduler.disturbance = disturbance } }

  /// What does not hold of the cache's books now; for tests.
  package var violations: [String] { perform { loop.violations } }

  /// Calls back with the same after every step, or every `nth` one.
  package func checkEveryStep(nth interval: Int = 1, _ report: (@Sendable ([String]) -> Void)?) {
    perform { (loop.report, loop.reportInterval) = (report, max(interval, 1)) }
  }

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

  /// Takes a job, which is done beside the sequences.
  ///
  /// - Throws: ``EngineError`` when too many wait.
  package func submit(_ job: any EngineJob) throws(EngineError) -> EngineJobTicket {
    let ticket = try inbox.withLock { inbox throws(EngineError) in
      inbox.nextNumber += 1
      try inbox.jobs.add(job, job.identity, number: inbox.nextNumber)
      return EngineJobTicket(number: inbox.nextNumber)
    }
    wake()
    return ticket
  }

  /// Takes a job out that has not begun. One that has is to end by itself.
  package func cancel(_ ticket: EngineJobTicket) {
    inbox.withLock { $0.jobs.withdraw(ticket.number) }?.withdrawn()
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

  /// One step and a piece of a job, and the next ones behind what else waits for the queue.
  private func turn() {
    let (arrivals, cancelled) = inbox.withLock { inbox in
      defer { (inbox.arrivals, inbox.cancelled) = ([], []) }
      return (inbox.arrivals, inbox.cancelled)
    }
    let left = loop.step(arrivals, cancelled)
    proceedWithJob(rows: loop.isIdle ? options.limits.soloChunk : options.limits.chunk)
    let goesOn = inbox.withLock { inbox in
      for identity in left { inbox.room.leave(identity) }
      inbox.statistics = loop.statistics
      inbox.isRunning =
        !loop.isIdle || !inbox.arrivals.isEmpty || !inbox.cancelled.isEmpty || !inbox.jobs.isEmpty
      return inbox.isRunning
    }
    if goesOn { queue.async { self.turn() } }
  }

  private func proceedWithJob(rows: Int) {
    guard let (number, job) = inbox.withLock({ $0.jobs.next(rows: rows) }), !job.proceed(rows: rows) else {
      return
    }
    inbox.withLock { $0.jobs.finish(number) }
  }
}
