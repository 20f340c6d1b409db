internal import Foundation

/// What `config.json` says of the rotation of queries and keys (RoPE).
struct RotaryFields {
  /// θ of layers that see all positions.
  let base: Double
  /// θ of layers that see a window; nil where there are none.
  let localBase: Double?
  private let scaling: Scaling

  private enum Scaling {
    case none
    case linear(factor: Double)
    case llama3(factor: Double, low: Double, high: Double, context: Double)
    case yarn(factor: Double, context: Int, attention: Double, logarithm: Double?, fast: Double, slow: Double)
  }

  private static let bases = 1.0.nextUp...1e15
  private static let factors = 1e-3...1e6

  init(_ fields: JSONFields, _ family: FolderFamily) throws(CheckpointError) {
    let parameters = try fields.object("rope_parameters")
    let full = try (parameters?.object("full_attention")) ?? parameters
    base =
      try (full?.number("rope_theta", in: Self.bases)).or(try fields.number("rope_theta", in: Self.bases))
      ?? Self.usualBase(family)
    if family == .gemma3 {
      let local = try parameters?.object("sliding_attention")
      if let local, let type = try Self.type(local), type != "default" {
        throw local.unsupported("rope_type", expected: "\"default\"")
      }
      localBase =
        try (local?.number("rope_theta", in: Self.bases))
        .or(try fields.number("rope_local_base_freq", in: Self.bases)) ?? 10_000
    } else {
      localBase = nil
    }
    scaling = try Self.scaling(full.or(try fields.object("rope_scaling")), fields, family)
  }

  /// What the classes of `transformers` have for default.
  private static func usualBase(_ family: FolderFamily) -> Double {
    switch family {
    case .gemma3, .mixtral, .minimax01: 1_000_000
    case .minimaxM2: 5_000_000
    default: 10_000
    }
  }

  /// Older files say `type`.
  private static func type(_ scaling: JSONFields) throws(CheckpointError) -> String? {
    try scaling.string("rope_type").or(try scaling.string("type"))
  }

  private static func scaling(
    _ scaling: JSONFields?, _ fields: JSONFields, _ family: FolderFamily
  ) throws(CheckpointError) -> Scaling {
    guard let scaling else { return .none }
    // The scale of scores hangs on the kind of scaling.
    if family.isLatent, let type = try type(scaling), type != "default", type != "yarn" {
      throw scaling.unsupported(
        scaling["rope_type"] == nil ? "type" : "rope_type", expected: "default or yarn")
    }
    switch try type(scaling) {
    // A dynamic base differs from the stated one only beyond the context that is stated too.
    case nil, "default", "dynamic": return .none
    case "linear": return .linear(factor: try scaling.requiredNumber("factor", in: factors))
    case "llama3":
      let (low, high) = (
        try scaling.requiredNumber("low_freq_factor", in: factors),
        try scaling.requiredNumber("high_freq_factor", in: factors)
      )
      guard low < high else {
        throw scaling.invalid("high_freq_factor", expected: "more than low_freq_factor, \(low)")
      }
      return .llama3(
        factor: try scaling.requiredNumber("factor", in: factors), low: low, high: high,
        context: Double(try originalContext(scaling, fields)))
    case "yarn": return try yarn(scaling, fields, family)
    case .some:
      throw scaling.unsupported(
        scaling["rope_type"] == nil ? "type" : "rope_type",
        expected: "one of default, dynamic, linear, llama3, yarn")
    }
  }

  private static func originalContext(
    _ scaling: JSONFields, _ fields: JSONFields
  ) throws(CheckpointError) -> Int {
    let (key, range) = ("original_max_position_embeddings", FolderConfiguration.contexts)
    if let context = try scaling.integer(key, in: range).or(try fields.integer(key, in: range)) {
      return context
    }
    return try fields.requiredInteger("max_position_embeddings", in: range)
  }

  private static func yarn(
    _ scaling: JSONFields, _ fields: JSONFields, _ family: FolderFamily
  ) throws(CheckpointError) -> Scaling {
    let context = try originalContext(scaling, fields)
    if try scaling.bool("truncate") == false { throw scaling.unsupported("truncate", expected: "true") }
    let factor: Double
    if let stated = try scaling.number("factor", in: factors) {
      factor = stated
    } else {
      let stretched = try fields.requiredInteger("max_position_embeddings", in: FolderConfiguration.contexts)
      factor = Double(stretched) / Double(context)
    }
    func temperature(_ multiplier: Double = 1) -> Double {
      factor > 1 ? 0.1 * multiplier * log(factor) + 1 : 1
    }
    var attention = try scaling.number("attention_factor", in: factors)
    let all = try scaling.number("mscale_all_dim", in: 0...1e3) ?? 0
    if attention == nil, let mscale = try scaling.number("mscale", in: 0...1e3), mscale != 0, all != 0 {
      attention = temperature(mscale) / temperature(all)
    }
    let (fast, slow) = (
      try scaling.number("beta_fast", in: factors) ?? 32, try scaling.number("beta_slow", in: factors) ?? 1
    )
    guard slow <= fast else { throw scaling.invalid("beta_slow", expected: "at most beta_fast, \(fast)") }
    let isLogarithmic = family.isLatent && all != 0
    // GGUF multiplies the usual temperature; where it has a multiplier of the logarithm, which scales scores instead, 1.
    return .yarn(
      factor: factor, context: context,
      attention: (attention ?? temperature()) / (isLogarithmic ? 1 : temperature()),
      logarithm: isLogarithmic ? 0.1 * all : nil, fast: fast, slow: slow)
  }
}

extension RotaryFields {
  func write(to keys: inout KeyList, prefix: String) throws(CheckpointError) {
    keys.set(prefix + "rope.freq_base", base)
    keys.set(prefix + "rope.freq_base_swa", localBase)
    switch scaling {
    // GGUF has Llama 3's scaling as a tensor.
    case .none, .llama3: break
    case .linear(let factor):
      keys.set(prefix + "rope.scaling.type", "linear")
      keys.set(prefix + "rope.scaling.factor", factor)
    case .yarn(let factor, let context, let attention, let logarithm, let fast, let slow):
      keys.set(prefix + "rope.scaling.type", "yarn")
      keys.set(prefix + "rope.scaling.factor", factor)
      keys.set(prefix + "rope.scaling.original_context_length", context)
      if attention != 1 { keys.set(prefix + "rope.scaling.attn_factor", attention) }
      keys.set(prefix + "rope.scaling.yarn_log_multiplier", logarithm)
      if fast != 32 { keys.set(prefix + "rope.scaling.yarn_beta_fast", fast) }
      if slow != 1 { keys.set(prefix + "rope.scaling.yarn_beta_slow", slow) }
    }
  }

  /// By what the frequency of each pair is divided (`rope_freqs.weight`); nil where nothing is. Source: Llama 3's published
  /// configuration (arXiv:2407.21783).
  func divisors(headLength: Int) -> [Float]? {
    guard case .llama3(let factor, let low, let high, let context) = scaling else { return nil }
    return (0..<headLength / 2).map { pair in
      let frequency = pow(base, -Double(2 * pair) / Double(headLength))
      let turns = context * frequency / (2 * .pi)
      if turns < low { return Float(factor) }
      if turns > high { return 1 }
      let smooth = (turns - low) / (high - low)
      return Float(1 / ((1 - smooth) / factor + smooth))
    }
  }
}
