internal import MinkeEngine
internal import MinkeModels
internal import MinkeSampling
internal import MinkeTensors

/// Runs a benchmark's tests on a loaded model.
struct BenchmarkRunner {
  let plan: BenchmarkPlan
  private let transformer: Transformer
  private let cacheShape: KVCacheShape
  private let workspace: Workspace
  /// The first is filled to the greatest depth and serves every test of one sequence, whatever its depth; with the
  /// others, which are filled to the smallest, it decodes as a batch.
  private let caches: [KVCache]
  /// Enough for the longest test.
  private let tokens: [Int32]
  private let clock = ContinuousClock()

  /// The largest passes that a plan needs.
  static func limits(_ plan: BenchmarkPlan) -> Workspace.Limits {
    var limits = Workspace.Limits()
    limits.logitRows = max(limits.logitRows, plan.tests.map(\.batch).max() ?? 1)
    return limits
  }

  /// Makes and fills the caches.
  init(_ plan: BenchmarkPlan, _ engine: Engine) throws {
    self.plan = plan
    transformer = engine.transformer
    workspace = try transformer.makeWorkspace(Self.limits(plan))
    caches = try plan.cacheCapacities.map { try engine.makeCache(capacity: $0) }
    cacheShape = caches[0].shape
    tokens = Self.randomTokens(max(plan.deepest, plan.prompt, plan.generate), transformer.configuration)
    for (index, cache) in caches.enumerated() {
      let depth = index == 0 ? plan.deepest : plan.shallowest
      if depth > 0 { _ = try transformer.prefill(Array(tokens.prefix(depth)), cache: cache, in: workspace) }
    }
  }

  /// The same ids each time for a seed.
  static func randomTokens(_ count: Int, _ configuration: ModelConfiguration, seed: UInt64 = 1) -> [Int32] {
    let random = Philox(seed: seed)
    return (0..<count).map {
      Int32(random.uniform(at: UInt64($0)) * Double(configuration.vocabularySize))
    }
  }

  /// Seconds that a test takes, from caches that hold its depth.
  mutating func seconds(_ test: BenchmarkPlan.Test) throws(ModelError) -> Double {
    for cache in caches.prefix(test.batch) { cache.assume(test.depth) }
    switch test.kind {
    case .prefill:
      let prompt = Array(tokens.prefix(plan.prompt))
      let start = clock.now
      _ = try transformer.prefill(prompt, cache: caches[0], in: workspace)
      return (clock.now - start).seconds
    case .decode:
      var batch = caches.prefix(test.batch).map { SequenceInput([0], cache: $0) }
      let start = clock.now
      for token in tokens.prefix(plan.generate) {
        for index in batch.indices { batch[index].setToken(token) }
        _ = try transformer.forward(batch, in: workspace)
      }
      return (clock.now - start).seconds
    }
  }
}

// MARK: What a test costs

extension BenchmarkRunner {
  /// Bytes that have to be read for one token of a test.
  func bytesPerToken(_ test: BenchmarkPlan.Test) -> Double {
    let cost = transformer.cost
    switch test.kind {
    case .decode:
      // On average half of the new tokens are in the cache.
      let positions = Double(test.depth) + Double(plan.generate + 1) / 2
      return cost.weightBytes(rows: test.batch, hasLogits: true) / Double(test.batch)
        + cost.cacheBytes(positions: positions, cacheShape)
    case .prefill:
      // Each pass reads the layers once, and what it sees of the cache.
      var bytes = cost.weightBytes(hasLogits: true) - cost.weightBytes(hasLogits: false)
      for first in stride(from: 0, to: plan.prompt, by: workspace.limits.rows) {
        let end = min(first + workspace.limits.rows, plan.prompt)
        bytes +=
          cost.weightBytes(rows: end - first, hasLogits: false)
          + cost.cacheBytes(positions: Double(test.depth + end), cacheShape)
      }
      return bytes / Double(plan.prompt)
    }
  }

  /// Operations of the matrix products for one token of a test.
  func operationsPerToken(_ test: BenchmarkPlan.Test) -> Double {
    switch test.kind {
    case .decode: transformer.cost.operations(rows: 1, logitRows: 1)
    case .prefill: transformer.cost.operations(rows: plan.prompt, logitRows: 1) / Double(plan.prompt)
    }
  }

  /// The report of what was measured; times and memory of loading are the caller's.
  func report(_ information: ModelInformation, _ samples: Benchmark.Samples) throws -> BenchmarkReport {
    guard let bandwidth = Measurements(samples.bandwidth), let peak = Measurements(samples.multiply) else {
      throw MinkeError(.parameters, "nothing was measured; expected at least one repetition")
    }
    let results = zip(plan.tests, samples.rates).compactMap { test, rates in
      Measurements(rates).map { rate in
        let bytes = bytesPerToken(test)
        return BenchmarkReport.Result(
          test: test, rate: rate, bytesPerToken: bytes,
          bandwidthFraction: rate.median * bytes / bandwidth.median,
          multiplyFraction: rate.median * operationsPerToken(test) / peak.median)
      }
    }
    return BenchmarkReport(
      information: information, plan: plan, threadCount: transformer.pool.threadCount,
      instructionSet: MachineProbe.instructionSet,
      cacheTypes: ("\(cacheShape.keyElement)", "\(cacheShape.valueElement)"),
      weightByteCount: transformer.weightByteCount, timeToFirstToken: 0, peakMemory: nil,
      readBandwidth: bandwidth, multiplyPeak: peak, results: results)
  }
}
