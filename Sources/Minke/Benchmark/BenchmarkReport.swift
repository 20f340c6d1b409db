public import MinkeModels

/// What a benchmark of one model found.
public struct BenchmarkReport: Sendable {
  /// What one test found.
  public struct Result: Sendable {
    public var test: BenchmarkPlan.Test
    /// Tokens a second, of all sequences together.
    public var rate: Measurements
    /// Bytes that have to be read for a token: packed weights, shared by the tokens of a pass, and the keys and values
    /// that it sees.
    public var bytesPerToken: Double
    /// ``bytesPerToken`` at the median rate, as a share of the bandwidth measured in the same run.
    public var bandwidthFraction: Double
    /// The operations of the matrix products at the median rate, as a share of the peak measured in the same run.
    public var multiplyFraction: Double
  }

  public var information: ModelInformation
  public var plan: BenchmarkPlan
  public var threadCount: Int
  /// The kernels in use, such as `avx512`.
  public var instructionSet: String
  /// How keys and values are stored, such as `f16`.
  public var cacheTypes: (keys: String, values: String)
  /// Bytes of the packed weights.
  public var weightByteCount: Int
  /// Seconds from opening the file, which memory held already, to the first token after a prompt of
  /// ``Benchmark/shortPrompt`` tokens.
  public var timeToFirstToken: Double
  /// The most bytes that the process held in memory while every test ran once; nil where the system does not say.
  public var peakMemory: Int?
  /// Bytes a second that all threads together read.
  public var readBandwidth: Measurements
  /// 8-bit operations a second of all threads together; a multiplication and an addition are two.
  public var multiplyPeak: Measurements
  public var results: [Result]
  /// How experts were brought into memory, in all that was run; nil where all are there.
  public var experts: ExpertStatistics?
}
