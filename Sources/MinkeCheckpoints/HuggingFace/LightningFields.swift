/// What `config.json` says of MiniMax-01's layers: which have lightning attention, and the weights of the residuals
/// (arXiv:2501.08313).
///
/// Both forms in circulation are read: that of `transformers`, and that of the makers' own code.
struct LightningFields {
  /// Of each layer, whether its attention is lightning attention.
  private let isLightning: [Bool]
  /// α and β of the residuals of attention, lightning attention and experts.
  private let weights: [(name: String, alpha: Double, beta: Double)]

  init?(_ fields: JSONFields, _ family: FolderFamily, layers: Int) throws(CheckpointError) {
    guard family == .minimax01 else { return nil }
    isLightning = try Self.kinds(fields, layers: layers)
    let names = [
      ("full_attention", "full_attn", "full_attention"),
      ("linear_attention", "linear_attn", "linear_attention"), ("feed_forward", "mlp", "mlp"),
    ]
    var weights: [(name: String, alpha: Double, beta: Double)] = []
    for (name, field, older) in names {
      func weight(_ factor: String) throws(CheckpointError) -> Double {
        let range = 0.0...1e6
        return try fields.number("\(field)_\(factor)_factor", in: range)
          .or(try fields.number("layernorm_\(older)_\(factor)", in: range)) ?? 1
      }
      weights.append((name, try weight("alpha"), try weight("beta")))
    }
    self.weights = weights
    if try fields.bool("postnorm") == false { throw fields.unsupported("postnorm", expected: "true") }
  }

  private static func kinds(_ fields: JSONFields, layers: Int) throws(CheckpointError) -> [Bool] {
    let kinds: [Bool?]
    let key: String
    if let names = try fields.strings("layer_types") {
      key = "layer_types"
      kinds = names.map { ["linear_attention": true, "full_attention": false][$0] }
    } else {
      key = "attn_type_list"
      guard let elements = fields[key]?.elements else {
        throw fields.missing("layer_types", "what kind of attention each layer has")
      }
      kinds = elements.map { element in element.integer.flatMap { [0: true, 1: false][$0] } }
    }
    let known = kinds.compactMap { $0 }
    guard known.count == kinds.count, known.count == layers else {
      throw fields.invalid(
        key, expected: "linear_attention (0) or full_attention (1) for each of \(layers) layers")
    }
    return known
  }

  /// llama.cpp has one α for all and no β; others are written under keys of the same style.
  func write(to keys: inout KeyList, prefix: String) {
    keys.set(prefix + "attention.recurrent_layers", .array(MetadataArray(isLightning)))
    if weights.allSatisfy({ $0.alpha == weights[0].alpha && $0.beta == 1 }) {
      keys.set(prefix + "residual_scale", weights[0].alpha)
      return
    }
    for (name, alpha, beta) in weights {
      keys.set(prefix + "residual.\(name)_alpha", alpha)
      keys.set(prefix + "residual.\(name)_beta", beta)
    }
  }
}
