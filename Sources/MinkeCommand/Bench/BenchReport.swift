internal import Minke

/// What `minke bench --json` prints. Units are tokens, bytes, operations and seconds; a batched rate counts the tokens of
/// all sequences together.
struct BenchReport: Encodable {
  struct Row: Encodable {
    var model: String
    var test: BenchmarkPlan.Test.Kind
    var prompt: Int
    var generate: Int
    var depth: Int
    var batch: Int
    var threads: Int
    var repetitions: Int
    var instructionSet: String
    var cacheTypeK: String
    var cacheTypeV: String
    /// The median; the slowest and fastest repetition beside it.
    var tokensPerSecond: Double
    var tokensPerSecondMinimum: Double
    var tokensPerSecondMaximum: Double
    var bytesPerToken: Double
    /// Shares of what the machine could do in the same run.
    var bandwidthFraction: Double
    var multiplyFraction: Double

    private enum CodingKeys: String, CodingKey {
      case model, test, prompt, generate, depth, batch, threads, repetitions
      case instructionSet = "instruction_set"
      case cacheTypeK = "cache_type_k"
      case cacheTypeV = "cache_type_v"
      case tokensPerSecond = "tokens_per_second"
      case tokensPerSecondMinimum = "tokens_per_second_minimum"
      case tokensPerSecondMaximum = "tokens_per_second_maximum"
      case bytesPerToken = "bytes_per_token"
      case bandwidthFraction = "bandwidth_fraction"
      case multiplyFraction = "multiply_fraction"
    }
  }

  /// A model and what was found of the machine while it ran.
  struct Model: Encodable {
    var model: String
    var fileSize: Int
    var weightBytes: Int
    var timeToFirstToken: Double
    var peakMemory: Int?
    var readBandwidth: Double
    var multiplyPeak: Double
    var experts: ExpertFigures?

    private enum CodingKeys: String, CodingKey {
      case model, experts
      case fileSize = "file_size"
      case weightBytes = "weight_bytes"
      case timeToFirstToken = "time_to_first_token"
      case peakMemory = "peak_memory"
      case readBandwidth = "read_bandwidth"
      case multiplyPeak = "multiply_peak"
    }
  }

  var results: [Row] = []
  var models: [Model] = []

  mutating func add(_ report: BenchmarkReport, model: String) {
    models.append(
      Model(
        model: model, fileSize: report.information.fileSize, weightBytes: report.weightByteCount,
        timeToFirstToken: report.timeToFirstToken, peakMemory: report.peakMemory,
        readBandwidth: report.readBandwidth.median, multiplyPeak: report.multiplyPeak.median,
        experts: report.experts.map { ExpertFigures($0) }))
    results += report.results.map { result in
      Row(
        model: model, test: result.test.kind, prompt: report.plan.prompt, generate: report.plan.generate,
        depth: result.test.depth, batch: result.test.batch, threads: report.threadCount,
        repetitions: report.plan.repetitions, instructionSet: report.instructionSet,
        cacheTypeK: report.cacheTypes.keys, cacheTypeV: report.cacheTypes.values,
        tokensPerSecond: result.rate.median, tokensPerSecondMinimum: result.rate.minimum,
        tokensPerSecondMaximum: result.rate.maximum, bytesPerToken: result.bytesPerToken,
        bandwidthFraction: result.bandwidthFraction, multiplyFraction: result.multiplyFraction)
    }
  }
}
