internal import Foundation
internal import MinkeCheckpoints
internal import MinkeEngine
public import MinkeModels
internal import MinkeSampling
internal import MinkeTensors

/// Measures how fast a model runs on this machine, and how much of what the machine allows that is.
///
/// Every test is run once unmeasured, then all of them in turn, again and again, each behind a measurement of the
/// machine's own limits: what slows the machine for a while slows all of them. Tokens are random, since speed does not
/// depend on them, and nothing is sampled.
public enum Benchmark {
  /// Tokens of the prompt for the time to the first token.
  public static let shortPrompt = 8
  /// Bytes that are read to measure the bandwidth: several times what processors' caches hold.
  public static let probeByteCount = 512 << 20

  /// How far a benchmark has come.
  public struct Progress: Sendable {
    public var done: Int
    public var total: Int
    /// What is being done.
    public var step: String
  }

  /// What a benchmark would take of memory, beside what it reads to measure the bandwidth; nothing is loaded.
  public static func estimateMemory(
    path: String, plan: BenchmarkPlan, options: LoadOptions = LoadOptions()
  ) throws(MinkeError) -> MemoryEstimate {
    try rethrowing {
      try plan.validate()
      let file = try openCheckpoint(path: path)
      let configuration = try ModelConfiguration(file)
      try plan.validate(trained: configuration.contextLength)
      return MemoryEstimate(
        configuration, tensors: file.tensors, contextLength: plan.cachedTokens,
        limits: BenchmarkRunner.limits(plan), keys: options.keyCache.element,
        values: options.valueCache.element,
        threadCount: try options.resolvedThreadCount(available: WorkerPool.availableProcessors),
        expertBudget: options.expertMemory)
    }
  }

  /// Loads a model, measures it and unloads it.
  ///
  /// - Parameter probeByteCount: memory to measure the bandwidth with; less than the default where that does not fit.
  /// - Throws: ``MinkeError`` for a plan out of range or beyond the model's context, and for a model that cannot be
  ///   loaded.
  public static func run(
    path: String, plan: BenchmarkPlan, options: LoadOptions = LoadOptions(),
    probeByteCount: Int = probeByteCount, progress: (Progress) -> Void = { _ in }
  ) throws(MinkeError) -> BenchmarkReport {
    let tests = plan.tests
    var steps = Progress(done: 0, total: 1 + tests.count * (plan.repetitions + 1), step: "")
    func announce(_ step: String) {
      steps.step = step
      progress(steps)
      steps.done += 1
    }
    _ = try estimateMemory(path: path, plan: plan, options: options)
    return try rethrowing {
      announce("loading")
      // Of experts that stay in the file it is measured how they come from where they are.
      if options.expertMemory == nil { try readIntoPageCache(path) }
      // Packed weights that are kept are what a start finds, except for the very first.
      if options.packCache != nil { try LanguageModel.load(path: path, options: options).waitForPackCache() }
      PeakMemory.reset()
      let start = ContinuousClock.now
      let model = try LanguageModel.load(path: path, options: options)
      try model.engine.produceFirstToken()
      let timeToFirstToken = (ContinuousClock.now - start).seconds

      return try model.engine.perform {
        var runner = try BenchmarkRunner(plan, model.engine)
        for test in tests {
          announce("preparing \(test)")
          _ = try runner.seconds(test)
        }
        let peakMemory = PeakMemory.bytes
        let probe = try model.engine.transformer.makeProbe(byteCount: probeByteCount)
        var samples = Samples(testCount: tests.count)
        for _ in 0..<plan.repetitions {
          for (index, test) in tests.enumerated() {
            announce("\(test)")
            samples.bandwidth.append(probe.readBandwidth())
            samples.multiply.append(probe.multiplyRate())
            samples.rates[index].append(Double(plan.tokenCount(test)) / (try runner.seconds(test)))
          }
        }
        var report = try runner.report(model.information, samples)
        report.timeToFirstToken = timeToFirstToken
        report.peakMemory = peakMemory
        report.experts = model.expertStatistics
        return report
      }
    }
  }

  /// What was measured: lists that grow by one in each repetition, but for the machine's limits, which grow with each
  /// test.
  struct Samples {
    var rates: [[Double]]
    var bandwidth: [Double] = []
    var multiply: [Double] = []

    init(testCount: Int) {
      rates = Array(repeating: [], count: testCount)
    }
  }

  /// Reads all parts of a model once, so that loading it does not wait for a disk.
  private static func readIntoPageCache(_ path: String) throws(CheckpointError) {
    let paths = try openCheckpoint(path: path).parts.map(\.path)
    for path in paths {
      guard let handle = FileHandle(forReadingAtPath: path) else { continue }
      // What cannot be read is an error when it is loaded.
      while let data = try? handle.read(upToCount: 1 << 22), !data.isEmpty {}
      try? handle.close()
    }
  }
}

extension BenchmarkPlan.Test: CustomStringConvertible {
  public var description: String {
    "\(kind.rawValue) at depth \(depth)" + (batch > 1 ? " of \(batch) sequences" : "")
  }
}

extension Engine {
  /// From a short prompt to a token.
  fileprivate func produceFirstToken() throws {
    try perform {
      let tokens = BenchmarkRunner.randomTokens(Benchmark.shortPrompt, transformer.configuration)
      let cache = try transformer.makeCache(capacity: tokens.count)
      let logits = try transformer.prefill(tokens, cache: cache, in: workspace)
      var sampler = try Sampler(.greedy, vocabularySize: transformer.configuration.vocabularySize)
      _ = unsafe try sampler.sample(logits.buffer(row: 0))
    }
  }
}
