/// What `config.json` says of a model, checked, as GGUF keys.
///
/// Both forms in circulation are read: that of `transformers` before version 5 (`rope_theta` beside `rope_scaling`) and since
/// (`rope_parameters`). A field that changes what the model computes and that this version has nothing for is refused.
struct FolderConfiguration {
  let family: FolderFamily
  /// Of the text model; for models that also see, an object within.
  let fields: JSONFields
  /// The whole file.
  let root: JSONFields
  let headLength: Int
  /// Whether the output matrix is the embedding; nil where the file does not say.
  let isTied: Bool?
  let rotary: RotaryFields
  let layerCount: Int
  let experts: ExpertFields?
  let latent: LatentFields?
  private let lightning: LightningFields?
  /// Rows and columns of the blocks of 8-bit weights that share a scale; nil where the file does not say.
  let scaleBlock: (rows: Int, columns: Int)?

  static let sizeLimit = 4 << 20
  /// Wide enough for any model, narrow enough that the products of a few stay within `Int`.
  static let sizes = 1...1 << 20
  static let counts = 1...1 << 12
  static let contexts = 1...1 << 28
  static let vocabularies = 1...1 << 24

  init(_ root: JSONFields) throws(CheckpointError) {
    self.root = root
    family = try FolderFamily(root)
    fields = family == .gemma3 ? try root.object("text_config") ?? root : root
    let hidden = try fields.requiredInteger("hidden_size", in: Self.sizes)
    let heads = try Self.heads(fields, family)
    layerCount = try fields.requiredInteger("num_hidden_layers", in: Self.counts)
    experts = try ExpertFields(fields, family, layers: layerCount)
    latent = try LatentFields(fields, family, heads: heads)
    lightning = try LightningFields(fields, family, layers: layerCount)
    if let latent {
      headLength = latent.rotated
    } else if let length = try fields.integer("head_dim", in: 1...1024) {
      headLength = length
    } else if family == .gemma3 {
      headLength = 256
    } else {
      guard hidden.isMultiple(of: heads), (1...1024).contains(hidden / heads) else {
        throw fields.invalid(
          "num_attention_heads", expected: "a divisor of hidden_size \(hidden), as head_dim is not given")
      }
      headLength = hidden / heads
    }
    guard headLength.isMultiple(of: 2) else {
      throw CheckpointError(
        .outOfRange, path: fields.path, at: .key("head_dim"), found: "heads of \(headLength)",
        expected: "an even length, for RoPE rotates pairs")
    }
    isTied = try root.bool("tie_word_embeddings").or(try fields.bool("tie_word_embeddings"))
    rotary = try RotaryFields(fields, family)
    scaleBlock = try Self.scaleBlock(root)
    try refuseWhatIsNotSupported()
  }

  private static func heads(_ fields: JSONFields, _ family: FolderFamily) throws(CheckpointError) -> Int {
    // Published files of Gemma leave out what its class has for default.
    if family == .gemma3, fields["num_attention_heads"] == nil { return 8 }
    return try fields.requiredInteger("num_attention_heads", in: counts)
  }

  private func refuseWhatIsNotSupported() throws(CheckpointError) {
    let (key, expected) =
      family == .gemma3 ? ("hidden_activation", "gelu_pytorch_tanh") : ("hidden_act", "silu")
    if let activation = try fields.string(key), activation != expected {
      throw fields.unsupported(key, expected: "\"\(expected)\"")
    }
    for flag in ["rope_interleaved", "use_bidirectional_attention", "use_bidirectional_attn"] {
      // Some files have a word here.
      if let value = fields[flag], value != .bool(false) { throw fields.unsupported(flag, expected: "false") }
    }
    if family == .minimaxM2 {
      if try fields.bool("use_qk_norm") == false { throw fields.unsupported("use_qk_norm", expected: "true") }
      if let kind = try fields.string("qk_norm_type"), kind != "per_layer" {
        throw fields.unsupported("qk_norm_type", expected: "\"per_layer\"")
      }
      if let kinds = fields["attn_type_list"]?.elements, kinds.contains(where: { $0 != .integer(1) }) {
        throw fields.unsupported("attn_type_list", expected: "1 for each layer")
      }
    }
    guard family != .minimax01, family != .minimaxM2 else { return }
    for fields in [fields, try fields.object("rope_parameters")].compactMap({ $0 }) {
      if let factor = try fields.number("partial_rotary_factor", in: 0...1), factor != 1 {
        throw fields.unsupported("partial_rotary_factor", expected: "1")
      }
    }
  }

  /// Elements of a head that are rotated: all, or the first of MiniMax's.
  private var rotatedLength: Int {
    get throws(CheckpointError) {
      guard family == .minimax01 || family == .minimaxM2 else { return headLength }
      if let length = try fields.integer("rotary_dim", in: 2...headLength) {
        guard length.isMultiple(of: 2) else {
          throw fields.invalid("rotary_dim", expected: "an even length, for RoPE rotates pairs")
        }
        return length
      }
      let parameters = try fields.object("rope_parameters")
      let key = "partial_rotary_factor"
      guard
        let factor = try (parameters?.number(key, in: 0...1)).or(try fields.number(key, in: 0...1))
      else { return headLength }
      let length = Int(Double(headLength) * factor)
      guard length >= 2, length.isMultiple(of: 2) else {
        throw (parameters?[key] == nil ? fields : parameters ?? fields).invalid(
          key, expected: "what leaves an even length of the \(headLength) elements of a head")
      }
      return length
    }
  }

  /// `quantization_config`: 8-bit floats, or nothing.
  private static func scaleBlock(_ root: JSONFields) throws(CheckpointError) -> (rows: Int, columns: Int)? {
    guard let quantization = try root.object("quantization_config") else { return nil }
    let methods = ["fp8", "fbgemm_fp8", "compressed-tensors"]
    guard let method = try quantization.string("quant_method"), methods.contains(method) else {
      throw quantization.unsupported("quant_method", expected: "one of " + methods.joined(separator: ", "))
    }
    if let format = try quantization.string("fmt"), format != "e4m3" {
      throw quantization.unsupported("fmt", expected: "\"e4m3\"")
    }
    guard let block = quantization["weight_block_size"] else { return nil }
    let sizes = block.elements?.compactMap(\.integer) ?? []
    guard sizes.count == 2, sizes.allSatisfy(Self.sizes.contains) else {
      throw quantization.invalid("weight_block_size", expected: "two numbers, rows and columns of a block")
    }
    return (sizes[0], sizes[1])
  }
}

// MARK: Keys

extension FolderConfiguration {
  /// Sets the keys of the hyper-parameters.
  ///
  /// - Parameter vocabularySize: rows of the embedding.
  func write(to keys: inout KeyList, vocabularySize: Int) throws(CheckpointError) {
    let prefix = family.architecture + "."
    func set(_ name: String, _ value: Int?) { keys.set(prefix + name, value) }
    func set(_ name: String, _ value: Double?) { keys.set(prefix + name, value) }
    let hidden = try fields.requiredInteger("hidden_size", in: Self.sizes)
    let heads = try Self.heads(fields, family)
    set("context_length", try contextLength)
    set("embedding_length", hidden)
    set("block_count", layerCount)
    set("feed_forward_length", try fields.requiredInteger("intermediate_size", in: Self.sizes))
    set("attention.head_count", heads)
    if let latent {
      latent.write(to: &keys, prefix: prefix)
    } else {
      set("attention.head_count_kv", try keyValueHeads(heads))
      set("attention.key_length", headLength)
      set("attention.value_length", headLength)
    }
    set("attention.layer_norm_rms_epsilon", try fields.number("rms_norm_eps", in: 1e-12...1) ?? 1e-6)
    if let stated = try fields.integer("vocab_size", in: Self.vocabularies), stated != vocabularySize {
      throw fields.invalid("vocab_size", expected: "\(vocabularySize), the rows of the embedding")
    }
    set("vocab_size", vocabularySize)
    if [.llama, .mixtral, .minimax01, .minimaxM2].contains(family) {
      set("rope.dimension_count", try rotatedLength)
    }
    experts?.write(to: &keys, prefix: prefix)
    lightning?.write(to: &keys, prefix: prefix)
    if family == .gemma3 {
      let window = try fields.integer("sliding_window", in: Self.contexts) ?? 4096
      set("attention.sliding_window", window)
      set("attention.sliding_window_pattern", try slidingPattern())
      let scale = try fields.number("query_pre_attn_scalar", in: 1e-3...1e6) ?? 256
      set("attention.scale", 1 / scale.squareRoot())
      let caps = 1e-3...1e6
      set("attn_logit_softcapping", try fields.number("attn_logit_softcapping", in: caps))
      set("final_logit_softcapping", try fields.number("final_logit_softcapping", in: caps))
    }
    try rotary.write(to: &keys, prefix: prefix)
  }

  /// Layers behind the last that guess further tokens ahead, of which nothing is needed (multi-token prediction, DeepSeek-V3,
  /// arXiv:2412.19437, section 2.2).
  var predictingLayers: Int {
    get throws(CheckpointError) {
      guard family == .deepseekV3 else { return 0 }
      let counts = 0...Self.counts.upperBound
      return try fields.integer("num_nextn_predict_layers", in: counts)
        .or(try fields.integer("num_mtp_layers", in: counts)) ?? 0
    }
  }

  private func keyValueHeads(_ heads: Int) throws(CheckpointError) -> Int {
    let count =
      try fields.integer("num_key_value_heads", in: Self.counts) ?? (family == .gemma3 ? 4 : heads)
    guard heads.isMultiple(of: count) else {
      throw fields.invalid("num_key_value_heads", expected: "a divisor of the \(heads) query heads")
    }
    return count
  }

  /// The positions that the model was made for. Where its layers see a window of positions only, and no other layers are
  /// known to do so in this family, those of the window: within it the two are the same.
  private var contextLength: Int {
    get throws(CheckpointError) {
      let stated = try fields.integer("max_position_embeddings", in: Self.contexts)
      guard family != .gemma3 else { return stated ?? 131_072 }
      guard let stated else { throw fields.missing("max_position_embeddings", "a whole number") }
      let isUsed =
        try fields.bool("use_sliding_window") ?? (family.bringsPairsTogether || family == .minimax01)
      guard isUsed, let window = try fields.integer("sliding_window", in: Self.contexts) else {
        return stated
      }
      return min(stated, window)
    }
  }

  /// Of how many layers the last sees all positions.
  private func slidingPattern() throws(CheckpointError) -> Int {
    guard let types = try fields.strings("layer_types") else {
      return try fields.integer("sliding_window_pattern", in: Self.counts) ?? 6
    }
    let layers = layerCount
    let pattern = (types.firstIndex(of: "full_attention") ?? layers) + 1
    let expected = (0..<layers).map {
      ($0 + 1).isMultiple(of: pattern) ? "full_attention" : "sliding_attention"
    }
    guard types == expected else {
      throw fields.unsupported(
        "layer_types",
        expected: "\(layers) types, every \(pattern)th full_attention, the others sliding_attention")
    }
    return pattern
  }
}
