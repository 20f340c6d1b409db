internal import ArgumentParser
internal import Minke
internal import MinkeCheckpoints
internal import MinkeHub
internal import MinkeModels

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures how fast models run here, beside what the machine allows.",
    discussion: """
      Prefill is the rate at which a prompt is read, decoding that at which an answer is written. At a depth, so many \
      tokens are in the context before. In a batch, that many sequences are decoded together, each with a context of \
      its own; their tokens are counted together. A batch above 1 is measured at the smallest depth only.

      Every test is run once unmeasured, then all take turns. Each rate is the median of the repetitions, between the \
      slowest and the fastest. Between the tests it is measured how fast the same threads can read memory and multiply \
      8-bit integers: OF READING and OF MULTIPLYING are shares of that. MB/TOKEN is what must be read for a token: \
      packed weights, shared by the tokens of a pass, and the keys and values it sees. The time to the first token is \
      that of loading the model, whose file is in memory already, and of a prompt of \(Benchmark.shortPrompt) tokens.

      EXAMPLES
        minke bench smollm2:135m
        minke bench ./model.gguf --depth 0,4096 --batch 1,4,16
        minke bench smollm2:135m qwen2.5-coder:0.5b --threads 1 --markdown
        minke bench smollm2:135m --json | python3 -m json.tool
        minke bench smollm2:135m --engine
        minke bench smollm2:135m --soak 60
      """)

  @Argument(help: "Names in the store or the catalogue, or paths of .gguf files or model folders.")
  var models: [String]

  @Option(help: "Tokens of the prompt; 0 leaves prefill out.")
  var prompt = 512

  @Option(help: "Tokens that each sequence decodes; 0 leaves decoding out.")
  var generate = 128

  @Option(
    help: ArgumentHelp(
      "Tokens in the context before, one or more numbers; 0 unless given.", valueName: "n,…"),
    transform: { try NumberList.parse($0, in: 0...BenchmarkPlan.tokenLimit) })
  var depth = [0]

  @Option(
    help: ArgumentHelp(
      "Sequences that decode together, one or more numbers; 1 unless given.", valueName: "n,…"),
    transform: { try NumberList.parse($0, in: 1...BenchmarkPlan.batchLimit) })
  var batch = [1]

  @Option(help: "How often each test is measured.")
  var repetitions = 5

  @Flag(
    help: """
      Measure the engine instead: 16 conversations at once beside passes alone, how long a long prompt holds up a short \
      one, a tenth turn beside the second, and what masks of a JSON Schema take.
      """)
  var engine = false

  @Option(
    help: ArgumentHelp(
      "With --engine: only some of conversations, prompts, turns, masks.", valueName: "part,…"),
    transform: { text in
      try Set(
        text.split(separator: ",").map { name in
          guard let part = EngineBenchmark.Part(rawValue: String(name)) else {
            throw ValidationError(
              "\(name) is no part of it; expected some of "
                + EngineBenchmark.Part.allCases.map(\.rawValue).joined(separator: ", ") + ".")
          }
          return part
        })
    })
  var only = Set(EngineBenchmark.Part.allCases)

  @Option(
    help: ArgumentHelp(
      """
      Soak the engine instead for so many minutes: many clients ask everything at once, with too little memory; every \
      answer must be what it is alone, and memory must not grow.
      """, valueName: "minutes"))
  var soak: Double?

  @Option(help: "With --soak: what everything that is drawn comes of.")
  var seed: UInt64 = 1

  @OptionGroup
  var loading: LoadingOptions

  @OptionGroup
  var network: NetworkOptions

  @Flag(help: "Print Markdown.")
  var markdown = false

  @Flag(
    help:
      #"Print {"results": [{"model": …, "test": "prefill" or "decode", "tokens_per_second": …, …}], "models": […]}."#
  )
  var json = false

  func validate() throws {
    if engine, markdown { throw ValidationError("--engine prints no Markdown.") }
    if soak != nil, engine || markdown {
      throw ValidationError("--soak goes with neither --engine nor --markdown.")
    }
    if let soak, !(soak > 0 && soak <= 7 * 24 * 60) {
      throw ValidationError("--soak must be more than 0 minutes and at most a week.")
    }
    if json, markdown { throw ValidationError("--json and --markdown exclude each other.") }
    do {
      try plan.validate()
    } catch {
      throw ValidationError("\(error).")
    }
  }

  func run() async throws {
    let finder = try ModelFinder(network)
    // All must be there before the first is measured.
    var found: [ModelFinder.Found] = []
    for model in models { found.append(try await finder.find(model)) }
    if engine {
      var report = EngineBenchReport()
      for model in found { try await measureEngine(model, finder.hub.store, &report) }
      if json { StandardStream.output.write(try JSONText.pretty(report)) }
      return
    }
    if let soak {
      var passed = true
      for model in found { passed = try await self.soak(model, finder.hub.store, minutes: soak) && passed }
      if !passed { throw ExitCode.failure }
      return
    }
    var report = BenchReport()
    for (index, model) in found.enumerated() {
      let measured = try measure(model, finder.hub.store)
      if json {
        report.add(measured, model: model.name)
      } else {
        let text = BenchTable.text(measured, model: model.name, markdown ? .markdown : .plain)
        StandardStream.output.write((index > 0 ? "\n" : "") + text)
      }
    }
    if json { StandardStream.output.write(try JSONText.pretty(report)) }
  }

  private var plan: BenchmarkPlan {
    var plan = BenchmarkPlan()
    plan.prompt = prompt
    plan.generate = generate
    plan.depths = depth
    plan.batches = batch
    plan.repetitions = repetitions
    return plan
  }

  private func measureEngine(
    _ model: ModelFinder.Found, _ store: Store, _ all: inout EngineBenchReport
  ) async throws {
    var options = loading.options(of: model, in: store)
    var measured = EngineBenchmark.Plan()
    measured.repetitions = repetitions
    measured.generate = generate
    measured.parts = only
    // All conversations of the benchmark, and the long prompt, are there at once.
    options.contextLength = options.contextLength ?? 8192
    // As a service would.
    options.prefillChunk = 48
    let loaded = try LanguageModel.load(path: model.path, options: options)
    let report = try await EngineBenchmark.run(loaded, measured)
    all.add(report, measured, model: model.name)
    if !json { StandardStream.output.write(EngineBenchTable.text(report, measured, model: model.name)) }
  }

  /// Returns whether all held.
  private func soak(_ model: ModelFinder.Found, _ store: Store, minutes: Double) async throws -> Bool {
    var plan = SoakPlan()
    plan.duration = .seconds(minutes * 60)
    plan.seed = seed
    let status = StatusLine()
    defer { status.clear() }
    if !json { StandardStream.output.write(printable(model.name) + "\n" + SoakText.header) }
    let report = try await Soak.run(
      path: model.path, plan: plan, options: loading.options(of: model, in: store)
    ) { progress in
      switch progress {
      case .alone(let done, let total): status.show("computing alone: \(done) of \(total)")
      case .minute(let minute):
        status.clear()
        StandardStream.output.write(
          json ? (try? JSONText.line(SoakLines.Minute(minute))) ?? "" : SoakText.line(minute))
      }
    }
    StandardStream.output.write(
      json ? try JSONText.line(SoakLines.Summary(report)) : SoakText.summary(report))
    return report.passed
  }

  private func measure(_ model: ModelFinder.Found, _ store: Store) throws -> BenchmarkReport {
    var options = loading.options(of: model, in: store)
    let available = SystemMemory.available()
    let estimate = try loading.fit(
      &options, available: available, remedy: "give a smaller --depth or --batch, take a smaller model"
    ) { options in try Benchmark.estimateMemory(path: model.path, plan: plan, options: options) }
    // Half of what is left, where that is less than the usual.
    let room = available.map { max($0 - min(estimate.total, $0), 0) / 2 } ?? .max
    let probe = min(Benchmark.probeByteCount, max(room, 64 << 20))
    let status = StatusLine()
    defer { status.clear() }
    return try Benchmark.run(path: model.path, plan: plan, options: options, probeByteCount: probe) {
      progress in
      let line = "\(printable(model.name))  \(progress.done) of \(progress.total)  \(progress.step)"
      status.show(DisplayWidth.prefix(of: line, columns: max(status.columns - 1, 1)))
    }
  }
}
