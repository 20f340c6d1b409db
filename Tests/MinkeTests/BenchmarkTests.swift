import Minke
import MinkeModels
import Testing

@Suite struct `A benchmark's plan` {
  private func plan(
    prompt: Int = 512, generate: Int = 128, depths: [Int] = [0], batches: [Int] = [1], repetitions: Int = 5
  ) -> BenchmarkPlan {
    var plan = BenchmarkPlan()
    (plan.prompt, plan.generate, plan.depths) = (prompt, generate, depths)
    (plan.batches, plan.repetitions) = (batches, repetitions)
    return plan
  }

  @Test func `Batches run at the smallest depth, single sequences at all`() {
    #expect(
      plan(depths: [4096, 0], batches: [1, 4, 16]).tests.map(\.description) == [
        "prefill at depth 4096", "prefill at depth 0", "decode at depth 4096", "decode at depth 0",
        "decode at depth 0 of 4 sequences", "decode at depth 0 of 16 sequences",
      ])
    #expect(plan(generate: 0, depths: [7]).tests == [.init(.prefill, depth: 7)])
    #expect(plan(prompt: 0, batches: [2]).tests == [.init(.decode, depth: 0, batch: 2)])
  }

  @Test func `What is named twice is measured once`() {
    #expect(plan(depths: [0, 8, 0], batches: [1, 1]).tests.count == 4)
  }

  @Test func `The first cache holds the deepest test, others a batch's`() {
    let plan = plan(prompt: 100, generate: 10, depths: [64, 1000], batches: [1, 3])
    #expect(plan.cacheCapacities == [1100, 74, 74])
    #expect(plan.cachedTokens == 1152 + 128 + 128)
  }

  @Test(arguments: [
    ("prompt is -1", BenchmarkPlan.Test(.prefill, depth: 0), -1, 5),
    ("depth is -2", .init(.prefill, depth: -2), 1, 5),
    ("depth is \(Int.max)", .init(.prefill, depth: .max), 1, 5),
    ("batch is 0", .init(.decode, depth: 0, batch: 0), 1, 5),
    ("batch is 513", .init(.decode, depth: 0, batch: 513), 1, 5),
    ("number of repetitions is 0", .init(.decode, depth: 0), 1, 0),
  ]) func `Numbers out of range are named`(
    text: String, test: BenchmarkPlan.Test, prompt: Int, repetitions: Int
  ) {
    let plan = plan(prompt: prompt, depths: [test.depth], batches: [test.batch], repetitions: repetitions)
    let error = #expect(throws: MinkeError.self) { try plan.validate() }
    #expect(error?.description.contains(text) == true, "\(error?.description ?? "no error")")
  }

  @Test func `Something is measured, and at some depth`() {
    #expect(throws: MinkeError.self) { try plan(prompt: 0, generate: 0).validate() }
    #expect(throws: MinkeError.self) { try plan(depths: []).validate() }
    #expect(throws: MinkeError.self) { try plan(batches: []).validate() }
  }

  @Test func `The deepest test must fit into the model's context`() throws {
    let plan = plan(depths: [0, 4096])
    try plan.validate(trained: 4608)
    let error = #expect(throws: MinkeError.self) { try plan.validate(trained: 4607) }
    #expect(error?.description.contains("4608; expected at most 4607") == true)
  }
}

@Suite struct `What was measured` {
  static let medians: [([Double], Double)] = [
    ([3], 3), ([1, 9, 2], 2), ([4, 1, 3, 2], 2.5), ([5, 5, 1, 5], 5),
  ]

  @Test(arguments: medians) func `The median is the middle`(values: [Double], median: Double) throws {
    let found = try #require(Measurements(values))
    #expect(found.median == median)
    #expect(found.values == values)
    #expect(found.minimum == values.min() && found.maximum == values.max())
  }

  @Test func `Nothing has no median`() {
    #expect(Measurements([]) == nil)
  }

  @Test func `Peak memory is read from the system's text`() {
    let status = "Name:\tminke\nVmPeak:\t  100 kB\nVmHWM:\t   5124 kB\nVmRSS:\t 4 kB\n"
    #expect(PeakMemory.kilobytes("VmHWM:", in: status) == 5124)
    #expect(PeakMemory.kilobytes("VmHWM:", in: "VmHWM:\tmuch kB\n") == nil)
    #expect(PeakMemory.kilobytes("VmHWM:", in: "VmHWM: \(Int.max) kB\n") == nil)
    #expect(PeakMemory.kilobytes("VmHWM:", in: "VmHWM:\n") == nil)
    #expect((PeakMemory.bytes ?? 0) > 1 << 20)
  }
}

@Suite(.serialized) struct `A benchmark of a real model` {
  @Test func `Every test has a rate and its share of the machine`() async throws {
    let path = try await RealModel.smolLM2.path()
    var plan = BenchmarkPlan()
    (plan.prompt, plan.generate, plan.depths, plan.batches) = (40, 3, [0, 70], [1, 2])
    plan.repetitions = 2
    var steps: [String] = []
    let report = try Benchmark.run(
      path: path, plan: plan, options: LoadOptions(threadCount: 2), probeByteCount: 64 << 20
    ) { progress in
      #expect(progress.done == steps.count && progress.done < progress.total)
      steps.append(progress.step)
    }
    #expect(steps.count == 1 + 3 * plan.tests.count)
    // All take turns: the second repetition begins when the first has seen every test.
    #expect(steps.suffix(5) == plan.tests.map(\.description)[...])
    #expect(report.results.map(\.test) == plan.tests)
    #expect(report.readBandwidth.values.count == 10 && report.multiplyPeak.values.count == 10)
    for result in report.results {
      #expect(result.rate.values.count == 2 && result.rate.minimum > 0)
      #expect(result.bandwidthFraction > 0 && result.bandwidthFraction < 5)
      #expect(result.multiplyFraction > 0 && result.multiplyFraction < 1.5)
    }
    let decode = report.results.filter { $0.test.kind == .decode }
    // A 30-layer model with 3 KV heads of 64 in f16 keeps 23,040 bytes for each of the 70 positions.
    #expect(abs(decode[1].bytesPerToken - decode[0].bytesPerToken - 70 * 23_040) < 1)
    // Two sequences share the weights.
    #expect(decode[2].bytesPerToken < 0.51 * decode[0].bytesPerToken)
    #expect(report.timeToFirstToken > 0 && report.timeToFirstToken < 60)
    #expect(report.weightByteCount > 50 << 20)
    if let peak = report.peakMemory { #expect(peak > report.weightByteCount) }
  }

  @Test func `A depth beyond the context is refused before the model is loaded`() async throws {
    let path = try await RealModel.smolLM2.path()
    var plan = BenchmarkPlan()
    plan.depths = [0, 8192]
    let error = #expect(throws: MinkeError.self) { try Benchmark.run(path: path, plan: plan) }
    #expect(error?.description.contains("8704; expected at most 8192, the model's context") == true)
  }

  @Test func `Memory is estimated with all caches`() async throws {
    let path = try await RealModel.smolLM2.path()
    var plan = BenchmarkPlan()
    (plan.depths, plan.batches) = ([0, 1024], [1, 4])
    let estimate = try Benchmark.estimateMemory(path: path, plan: plan)
    #expect(estimate.cache == (1024 + 512 + 3 * 128) * 23_040)
  }
}
