internal import MinkeCheckpoints
internal import MinkeEngine
internal import MinkeModels
internal import MinkeTensors

/// Many clients ask everything at once, for as long as is wanted, of an engine that has too little memory for all of them; and
/// whatever it does, no token may be lost, come twice or be another one, no block of the cache may stay behind, and memory
/// must not grow.
///
/// What each case comes to alone is computed before.
package enum Soak {
  /// How far a soak has come.
  package enum Progress: Sendable {
    /// So many cases of all were computed alone.
    case alone(done: Int, total: Int)
    case minute(SoakMinute)
  }

  /// What a client's last act may take after the end.
  private static let patience = Duration.seconds(900)

  /// - Throws: ``MinkeError`` when the plan is out of range, the model cannot be loaded, or a case cannot be answered alone.
  ///   What goes wrong under load is in the report.
  package static func run(
    path: String, plan: SoakPlan = SoakPlan(), options: LoadOptions = LoadOptions(),
    progress: (Progress) -> Void = { _ in }
  ) async throws -> SoakReport {
    try plan.validate()
    let options = try self.options(path, plan, options)
    let (cases, reference) = try await alone(path, plan, options, progress)
    let model = try LanguageModel.load(path: path, options: options)
    model.waitForPackCache()
    let ledger = SoakLedger()
    model.engine.checkEveryStep(nth: plan.checkInterval) { violations in
      ledger.count { $0.checks += 1 }
      for violation in violations.prefix(3) { ledger.fail("the cache's books", violation) }
    }
    let models = SoakModels(model)
    let end = ContinuousClock.now + plan.duration
    let clients = (0..<plan.clients).map { number in
      let client = SoakClient(
        number: number, identity: Identity("identity \(number % plan.identities)"), models: models,
        cases: cases,
        reference: reference, ledger: ledger)
      return Task {
        await client.run(SoakActs(plan, client: number, cases), until: end)
        ledger.noteFinished()
      }
    }
    var recorder = SoakRecorder(model.engine, ledger)
    await watch(&recorder, model.engine, plan, until: end, progress)
    await wait(for: clients, ledger)
    progress(.minute(recorder.line()))
    recorder.judge()
    let dropped = await SoakEnd(engine: model.engine, ledger: ledger).check()
    return report(plan, model, ledger, recorder, dropped)
  }

  /// The model with little memory, short queues, and small chunks, as a service has them.
  private static func options(
    _ path: String, _ plan: SoakPlan, _ options: LoadOptions
  ) throws(MinkeError) -> LoadOptions {
    try rethrowing {
      let configuration = try ModelConfiguration(openCheckpoint(path: path))
      var options = options
      let length = min(options.contextLength ?? plan.contextLength, configuration.contextLength)
      let shape = configuration.cacheShape(options.keyCache.element, options.valueCache.element)
      guard let bytes = shape.byteCount(capacity: length + KVCacheShape.blockLength), bytes < 1 << 48 else {
        throw MinkeError(.memory, "keys and values of \(length) tokens do not fit the address space")
      }
      options.contextLength = length
      options.cacheMemory = Int(Double(bytes) * plan.conversationsInCache)
      options.queueLimits = (all: 2 * plan.clients + 24, perIdentity: plan.clients / plan.identities + 10)
      options.prefillChunk = options.prefillChunk ?? 48
      return options
    }
  }

  private static func alone(
    _ path: String, _ plan: SoakPlan, _ options: LoadOptions, _ progress: (Progress) -> Void
  ) async throws -> ([SoakCase], SoakReference) {
    var roomy = options
    (roomy.cacheMemory, roomy.prefillChunk) = (nil, nil)
    let model = try LanguageModel.load(path: path, options: roomy)
    let cases = try SoakCases.make(plan, model.tokenizer, contextLength: model.contextLength)
    let reference = try await SoakReference.compute(cases, SoakModels(model)) { done in
      progress(.alone(done: done, total: cases.count))
    }
    model.waitForPackCache()
    return (cases, reference)
  }

  /// Takes figures until the time is over. In one of eight intervals between them the scheduler decides by chance, so that
  /// sequences make room at any moment, and not only where memory is short.
  private static func watch(
    _ recorder: inout SoakRecorder, _ engine: Engine, _ plan: SoakPlan, until end: ContinuousClock.Instant,
    _ progress: (Progress) -> Void
  ) async {
    let interval = min(max(plan.duration / 120, .milliseconds(100)), .seconds(10))
    var nextLine = ContinuousClock.now + .seconds(60)
    var number: UInt64 = 0
    defer { engine.disturb(nil) }
    while ContinuousClock.now < end {
      engine.disturb(number % 8 == 4 ? Disturbance(seed: plan.seed &+ number) : nil)
      number += 1
      try? await Task.sleep(for: interval)
      recorder.sample()
      // What is left before the end is in the last line.
      guard ContinuousClock.now >= nextLine, end - .now > .seconds(1) else { continue }
      nextLine += .seconds(60)
      progress(.minute(recorder.line()))
    }
  }

  /// Waits for the clients' last acts; one that never ends is a failure with its name.
  private static func wait(for clients: [Task<Void, Never>], _ ledger: SoakLedger) async {
    let end = ContinuousClock.now + patience
    while ledger.finishedClients < clients.count, ContinuousClock.now < end {
      try? await Task.sleep(for: .milliseconds(20))
    }
    guard ledger.finishedClients < clients.count else { return }
    for act in ledger.acts { ledger.fail(act, "it did not end within \(patience) after the last was asked") }
    for client in clients { client.cancel() }
  }

  private static func report(
    _ plan: SoakPlan, _ model: LanguageModel, _ ledger: SoakLedger, _ recorder: SoakRecorder,
    _ dropped: (cache: Int, process: Int?)
  ) -> SoakReport {
    let statistics = model.engine.statistics
    if statistics.preemptions == 0 { ledger.fail("the load", "no sequence had to make room") }
    if statistics.cache.evictions == 0 { ledger.fail("the load", "no block was evicted") }
    let failures = ledger.failures
    return SoakReport(
      plan: plan, seconds: ledger.seconds, counts: ledger.counts, failures: failures.first,
      failureCount: failures.count, memory: recorder.growth, figures: recorder.ends,
      preemptions: statistics.preemptions, evictions: statistics.cache.evictions, dropped: dropped)
  }
}
