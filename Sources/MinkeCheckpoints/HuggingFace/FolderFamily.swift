/// A family of models as published in Hugging Face folders: what `config.json` calls it, and which GGUF tensor each of
/// its tensors is.
enum FolderFamily: String, CaseIterable, Sendable {
  case llama, qwen2, qwen3, gemma3

  /// `general.architecture`.
  var architecture: String { rawValue }

  /// The classes in `architectures`.
  var classes: [String] {
    switch self {
    case .llama: ["LlamaForCausalLM", "MistralForCausalLM"]
    case .qwen2: ["Qwen2ForCausalLM"]
    case .qwen3: ["Qwen3ForCausalLM"]
    // The model that also sees has the same text model within.
    case .gemma3: ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"]
    }
  }

  /// The names in `model_type`, for folders that do not name a class.
  private var modelTypes: [String] {
    switch self {
    case .llama: ["llama", "mistral"]
    case .qwen2: ["qwen2"]
    case .qwen3: ["qwen3"]
    case .gemma3: ["gemma3_text", "gemma3"]
    }
  }

  init(_ configuration: JSONFields) throws(CheckpointError) {
    if let names = try configuration.strings("architectures"), let name = names.first {
      guard let family = Self.allCases.first(where: { $0.classes.contains(name) }) else {
        throw Self.unknown(configuration, "architectures", name, Self.allCases.flatMap(\.classes))
      }
      self = family
      return
    }
    let name = try configuration.string("model_type")
    guard let name else { throw configuration.missing("architectures", "the model's class") }
    guard let family = Self.allCases.first(where: { $0.modelTypes.contains(name) }) else {
      throw Self.unknown(configuration, "model_type", name, Self.allCases.flatMap(\.modelTypes))
    }
    self = family
  }

  private static func unknown(
    _ configuration: JSONFields, _ key: String, _ name: String, _ known: [String]
  ) -> CheckpointError {
    CheckpointError(
      .unsupported, path: configuration.path, at: .key(key), found: "\"\(printable(name))\"",
      expected: "one of " + known.joined(separator: ", "),
      remedy: "models of this architecture cannot be run")
  }
}

// MARK: Tensors

extension FolderFamily {
  /// What becomes of a tensor.
  enum Treatment: Equatable {
    case kept
    /// Rows of each head in another order: see ``DerivedRows/RowOrder/pairsTogether(headLength:)``.
    case pairsTogether
    /// A norm.
    case norm
  }

  /// What a tensor of a folder is.
  enum Meaning: Equatable {
    case tensor(name: String, Treatment)
    /// The scales of an 8-bit tensor of this folder.
    case scales(of: String)
    /// Nothing that the text model needs.
    case ignored
  }

  /// The tensor that `name` is; nil where the family has none of this name.
  func meaning(of name: String) -> Meaning? {
    for suffix in ["_scale_inv", "_scale"] where name.hasSuffix(".weight" + suffix) {
      return .scales(of: String(name.dropLast(suffix.count)))
    }
    // Of activations, which are not quantised here; and frequencies that follow from the configuration.
    if [".input_scale", ".output_scale", "rotary_emb.inv_freq"].contains(where: name.hasSuffix) {
      return .ignored
    }
    if self == .gemma3, Self.ofVision.contains(where: name.hasPrefix) { return .ignored }
    for prefix in ["", "language_model."] where name == prefix + "lm_head.weight" {
      return .tensor(name: "output.weight", .kept)
    }
    for prefix in ["model.language_model.", "language_model.model.", "model."] where name.hasPrefix(prefix) {
      return inner(name.dropFirst(prefix.count))
    }
    return nil
  }

  private static let ofVision = [
    "vision_tower.", "multi_modal_projector.", "model.vision_tower.", "model.multi_modal_projector.",
  ]

  private func inner(_ name: Substring) -> Meaning? {
    switch name {
    case "embed_tokens.weight": return .tensor(name: "token_embd.weight", .kept)
    case "norm.weight": return .tensor(name: "output_norm.weight", .norm)
    default: break
    }
    let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "layers", let layer = Int(parts[1]), layer >= 0,
      String(layer) == parts[1], let dot = parts[2].lastIndex(of: "."),
      let (target, treatment) = inLayer(parts[2][..<dot])
    else { return nil }
    let suffix = parts[2][dot...]
    guard suffix == ".weight" || (suffix == ".bias" && treatment != .norm) else { return nil }
    return .tensor(name: "blk.\(layer).\(target)\(suffix)", treatment)
  }

  private func inLayer(_ name: Substring) -> (String, Treatment)? {
    switch name {
    case "input_layernorm": return ("attn_norm", .norm)
    case "self_attn.q_proj": return ("attn_q", self == .llama ? .pairsTogether : .kept)
    case "self_attn.k_proj": return ("attn_k", self == .llama ? .pairsTogether : .kept)
    case "self_attn.v_proj": return ("attn_v", .kept)
    case "self_attn.o_proj": return ("attn_output", .kept)
    case "mlp.gate_proj": return ("ffn_gate", .kept)
    case "mlp.up_proj": return ("ffn_up", .kept)
    case "mlp.down_proj": return ("ffn_down", .kept)
    default: break
    }
    switch (self, name) {
    case (.qwen3, "self_attn.q_norm"), (.gemma3, "self_attn.q_norm"): return ("attn_q_norm", .norm)
    case (.qwen3, "self_attn.k_norm"), (.gemma3, "self_attn.k_norm"): return ("attn_k_norm", .norm)
    case (.gemma3, "post_attention_layernorm"): return ("post_attention_norm", .norm)
    case (.gemma3, "pre_feedforward_layernorm"): return ("ffn_norm", .norm)
    case (.gemma3, "post_feedforward_layernorm"): return ("post_ffw_norm", .norm)
    case (.gemma3, _): return nil
    case (_, "post_attention_layernorm"): return ("ffn_norm", .norm)
    default: return nil
    }
  }

  /// What GGUF adds to the weights of norms.
  var normShift: Float { self == .gemma3 ? 1 : 0 }
}
