internal import MinkeCheckpoints

/// Reads the hyper-parameters of one architecture, whose name prefixes their keys, each with its range.
///
/// The upper limits lie far above any published model; they keep products of a few of them within `Int`.
struct HyperparameterReader {
  let metadata: Metadata
  let architecture: String

  static let sizes = 1...1 << 20
  static let counts = 1...1 << 12
  static let contexts = 1...1 << 28
  static let vocabularies = 1...1 << 24
  /// Scales, factors and the like: positive, and such that no float32 product of two overflows.
  static let factors = 1e-9...1e9

  func key(_ name: String) -> String { architecture + "." + name }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int {
    try metadata.requiredInteger(key(name), in: range)
  }

  func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int? {
    try metadata.integer(key(name), in: range)
  }

  func float(_ name: String, in range: ClosedRange<Double>) throws(CheckpointError) -> Double {
    try metadata.requiredFloat(key(name), in: range)
  }

  func optionalFloat(
    _ name: String, in range: ClosedRange<Double> = factors
  ) throws(CheckpointError) -> Double? {
    try metadata.float(key(name), in: range)
  }

  func optionalBool(_ name: String) throws(CheckpointError) -> Bool? { try metadata.bool(key(name)) }

  func invalid(_ name: String, expected: String) -> CheckpointError {
    metadata.invalid(key(name), expected: expected)
  }
}

// MARK: What families share

extension HyperparameterReader {
  /// Refuses what dense models do not have, so that such a model is not run wrongly.
  func requireDense() throws(CheckpointError) {
    let name = "expert_count"
    if let count = try optionalInteger(name, in: 0...Int.max), count > 0 {
      throw metadata.invalid(
        key(name), expected: "0: mixture-of-experts models are not supported",
        remedy: "use a dense model of this family")
    }
  }

  /// Head counts and lengths. A missing `key_length` is hiddenSize / heads; a missing scale
  /// 1/√keyLength.
  func attention(hiddenSize: Int) throws(CheckpointError) -> AttentionConfiguration {
    let heads = try integer("attention.head_count", in: Self.counts)
    let keyValueHeads =
      try optionalInteger("attention.head_count_kv", in: Self.counts) ?? heads
    guard heads.isMultiple(of: keyValueHeads) else {
      throw invalid("attention.head_count_kv", expected: "a divisor of the \(heads) query heads")
    }
    let lengths = 1...1024
    let givenKeyLength = try optionalInteger("attention.key_length", in: lengths)
    if givenKeyLength == nil {
      guard hiddenSize.isMultiple(of: heads), lengths.contains(hiddenSize / heads) else {
        throw invalid(
          "attention.head_count",
          expected: "a divisor of \(key("embedding_length")) \(hiddenSize), "
            + "with heads of at most \(lengths.upperBound), as key_length is not given")
      }
    }
    let keyLength = givenKeyLength ?? hiddenSize / heads
    let valueLength = try optionalInteger("attention.value_length", in: lengths) ?? keyLength
    guard valueLength == keyLength else {
      throw invalid("attention.value_length", expected: "\(keyLength), the length of a key")
    }
    let scale = try optionalFloat("attention.scale")
    return AttentionConfiguration(
      headCount: heads, keyValueHeadCount: keyValueHeads, keyLength: keyLength,
      valueLength: valueLength, scale: Float(scale ?? 1 / Double(keyLength).squareRoot()))
  }

  /// The rotation of layers that see the whole context. A missing `dimension_count` is the head's length.
  func rotary(
    _ layout: RotaryEmbedding.Layout, keyLength: Int
  ) throws(CheckpointError) -> RotaryEmbedding {
    let name = "rope.dimension_count"
    let dimensions = try optionalInteger(name, in: 1...1 << 16) ?? keyLength
    guard dimensions.isMultiple(of: 2), dimensions <= keyLength else {
      guard metadata[key(name)] != nil else {
        throw invalid(name, expected: "an even number, as heads of \(keyLength) cannot be paired")
      }
      throw invalid(name, expected: "an even number up to \(keyLength), the length of a head")
    }
    return RotaryEmbedding(
      dimensions: dimensions, base: try base("rope.freq_base") ?? 10_000, layout: layout,
      scaling: try rotaryScaling())
  }

  /// A rotary base, which must exceed 1 for its powers to be frequencies.
  func base(_ name: String) throws(CheckpointError) -> Double? {
    guard let base = try optionalFloat(name, in: 1...1e15) else { return nil }
    guard base > 1 else { throw invalid(name, expected: "more than 1") }
    return base
  }

  private func rotaryScaling() throws(CheckpointError) -> RotaryEmbedding.Scaling {
    let name = "rope.scaling.type"
    switch try metadata.string(key(name)) {
    case nil:
      // A factor alone means linear scaling; the second key is of files before there were other kinds.
      let range = 1e-3...1e6
      let legacy = try optionalFloat("rope.scale_linear", in: range)
      guard let factor = try optionalFloat("rope.scaling.factor", in: range) ?? legacy, factor != 1 else {
        return .none
      }
      return .linear(factor: factor)
    case "none": return .none
    case "linear": return .linear(factor: try factor())
    case "llama3": return .llama3(try llama3())
    case "yarn": return .yarn(try yarn())
    case .some: throw invalid(name, expected: "none, linear, llama3 or yarn")
    }
  }

  private func factor() throws(CheckpointError) -> Double {
    try float("rope.scaling.factor", in: 1e-3...1e6)
  }

  private func originalContext() throws(CheckpointError) -> Double {
    Double(try integer("rope.scaling.original_context_length", in: Self.contexts))
  }

  private func llama3() throws(CheckpointError) -> Llama3Scaling {
    let scaling = Llama3Scaling(
      factor: try factor(),
      lowFrequencyFactor: try optionalFloat("rope.scaling.low_freq_factor", in: 1e-3...1e6) ?? 1,
      highFrequencyFactor: try optionalFloat("rope.scaling.high_freq_factor", in: 1e-3...1e6) ?? 4,
      originalContext: try originalContext())
    guard scaling.lowFrequencyFactor < scaling.highFrequencyFactor else {
      throw invalid(
        "rope.scaling.high_freq_factor",
        expected: "more than low_freq_factor, \(scaling.lowFrequencyFactor)")
    }
    return scaling
  }

  private func yarn() throws(CheckpointError) -> YaRNScaling {
    var scaling = YaRNScaling(factor: try factor(), originalContext: try originalContext())
    if let value = try optionalFloat("rope.scaling.yarn_ext_factor", in: -1...1), value >= 0 {
      scaling.extrapolation = value  // −1 stands for the default
    }
    let factors = 1e-3...1e3
    scaling.attentionFactor =
      (try optionalFloat("rope.scaling.attn_factor", in: factors) ?? 1)
      * (try optionalFloat("rope.scaling.yarn_attn_factor", in: factors) ?? 1)
    scaling.betaFast = try optionalFloat("rope.scaling.yarn_beta_fast", in: 1e-3...1e6) ?? 32
    scaling.betaSlow = try optionalFloat("rope.scaling.yarn_beta_slow", in: 1e-3...1e6) ?? 1
    guard scaling.betaSlow <= scaling.betaFast else {
      throw invalid(
        "rope.scaling.yarn_beta_slow", expected: "at most yarn_beta_fast, \(scaling.betaFast)")
    }
    return scaling
  }
}
