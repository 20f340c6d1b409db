/// Which GGUF tensor each tensor of a folder is.
extension FolderFamily {
  /// What becomes of a tensor.
  enum Treatment: Equatable {
    case kept
    /// Rows of each head in another order: see ``DerivedRows/RowOrder/pairsTogether(headLength:)``.
    case pairsTogether
    /// A norm.
    case norm
    /// A vector, be it stored as such or as a matrix of one row.
    case vector
    /// What chooses experts, which GGUF keeps in F32: rounding would change the choice.
    case router
    /// What makes keys and values from latents, which becomes two tensors.
    case keysAndValues
  }

  /// What a tensor of a folder is.
  enum Meaning: Equatable {
    case tensor(name: String, Treatment)
    /// A matrix of one expert, part of a tensor for all.
    case expert(name: String, index: Int)
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
    if self == .minimax01, Self.decays.contains(where: name.hasSuffix) { return .ignored }
    for prefix in ["", "language_model."] where name == prefix + "lm_head.weight" {
      return .tensor(name: "output.weight", .kept)
    }
    for prefix in Self.prefixes where name.hasPrefix(prefix) { return inner(name.dropFirst(prefix.count)) }
    return nil
  }

  /// The number of the layer that `name` is of; nil where it is of none.
  static func layer(of name: String) -> Int? {
    for prefix in prefixes where name.hasPrefix(prefix) {
      return layerAndRest(name.dropFirst(prefix.count))?.layer
    }
    return nil
  }

  private static let prefixes = ["model.language_model.", "language_model.model.", "model."]

  private static let ofVision = [
    "vision_tower.", "multi_modal_projector.", "model.vision_tower.", "model.multi_modal_projector.",
  ]

  /// Of lightning attention, which follow from the configuration.
  private static let decays = ["slope_rate", "query_decay", "key_decay", "diagonal_decay"].map {
    ".self_attn." + $0
  }

  private static func layerAndRest(_ name: Substring) -> (layer: Int, rest: Substring)? {
    let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "layers", let layer = number(parts[1]) else { return nil }
    return (layer, parts[2])
  }

  /// A number as it is written in names.
  private static func number(_ text: Substring) -> Int? {
    guard let number = Int(text), number >= 0, String(number) == text else { return nil }
    return number
  }

  private func inner(_ name: Substring) -> Meaning? {
    switch name {
    case "embed_tokens.weight": return .tensor(name: "token_embd.weight", .kept)
    case "norm.weight": return .tensor(name: "output_norm.weight", .norm)
    default: break
    }
    guard let (layer, rest) = Self.layerAndRest(name) else { return nil }
    let block = "blk.\(layer)."
    if let scoreBias, rest == scoreBias { return .tensor(name: block + "exp_probs_b.bias", .vector) }
    guard let dot = rest.lastIndex(of: ".") else { return nil }
    let (stem, suffix) = (rest[..<dot], rest[dot...])
    if suffix == ".weight", let (target, index) = expert(stem) {
      return .expert(name: block + target + ".weight", index: index)
    }
    guard let (target, treatment) = inLayer(stem),
      suffix == ".weight" || (suffix == ".bias" && mayHaveBias(target))
    else { return nil }
    return .tensor(name: block + target + suffix, treatment)
  }

  private func mayHaveBias(_ target: String) -> Bool {
    switch self {
    case .llama, .qwen2, .qwen3, .gemma3: !target.hasSuffix("norm")
    case .qwen2moe: ["attn_q", "attn_k", "attn_v"].contains(target)
    default: false
    }
  }

  private func inLayer(_ name: Substring) -> (String, Treatment)? {
    if let found = withExperts(name) ?? (isLatent ? latent(name) : lightning(name)) { return found }
    switch name {
    case "input_layernorm": return ("attn_norm", .norm)
    case "self_attn.o_proj": return ("attn_output", .kept)
    case "self_attn.q_proj": return ("attn_q", bringsPairsTogether ? .pairsTogether : .kept)
    case "self_attn.k_proj" where !isLatent:
      return ("attn_k", bringsPairsTogether ? .pairsTogether : .kept)
    case "self_attn.v_proj" where !isLatent: return ("attn_v", .kept)
    case "mlp.gate_proj" where isDenseAnywhere: return ("ffn_gate", .kept)
    case "mlp.up_proj" where isDenseAnywhere: return ("ffn_up", .kept)
    case "mlp.down_proj" where isDenseAnywhere: return ("ffn_down", .kept)
    default: break
    }
    switch (self, name) {
    case (.qwen3, "self_attn.q_norm"), (.gemma3, "self_attn.q_norm"), (.qwen3moe, "self_attn.q_norm"),
      // Of all heads together.
      (.minimaxM2, "self_attn.q_norm"):
      return ("attn_q_norm", .norm)
    case (.qwen3, "self_attn.k_norm"), (.gemma3, "self_attn.k_norm"), (.qwen3moe, "self_attn.k_norm"),
      (.minimaxM2, "self_attn.k_norm"):
      return ("attn_k_norm", .norm)
    case (.gemma3, "post_attention_layernorm"): return ("post_attention_norm", .norm)
    case (.gemma3, "pre_feedforward_layernorm"): return ("ffn_norm", .norm)
    case (.gemma3, "post_feedforward_layernorm"): return ("post_ffw_norm", .norm)
    case (.gemma3, _): return nil
    case (_, "post_attention_layernorm"): return ("ffn_norm", .norm)
    default: return nil
    }
  }

  // MARK: Experts

  /// Whether a layer may have one feed-forward network for all tokens.
  private var isDenseAnywhere: Bool { !hasExperts || isLatent }

  /// Where Mixtral's makers, and MiniMax after them, have the experts; others have them in `mlp`.
  private var isSparseBlock: Bool { self == .mixtral || self == .minimax01 || self == .minimaxM2 }

  /// What is added to scores for the choice of experts only.
  private var scoreBias: String? {
    switch self {
    case .deepseekV3: "mlp.gate.e_score_correction_bias"
    case .minimaxM2: "block_sparse_moe.e_score_correction_bias"
    default: nil
    }
  }

  private func expert(_ name: Substring) -> (String, Int)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard hasExperts, parts.count == 4, parts[0] == (isSparseBlock ? "block_sparse_moe" : "mlp"),
      parts[1] == "experts", let index = Self.number(parts[2])
    else { return nil }
    switch (isSparseBlock, parts[3]) {
    case (true, "w1"), (false, "gate_proj"): return ("ffn_gate_exps", index)
    case (true, "w3"), (false, "up_proj"): return ("ffn_up_exps", index)
    case (true, "w2"), (false, "down_proj"): return ("ffn_down_exps", index)
    default: return nil
    }
  }

  private func withExperts(_ name: Substring) -> (String, Treatment)? {
    guard hasExperts else { return nil }
    switch name {
    case "block_sparse_moe.gate" where isSparseBlock: return ("ffn_gate_inp", .router)
    case "mlp.gate" where !isSparseBlock: return ("ffn_gate_inp", .router)
    case "mlp.shared_expert_gate" where self == .qwen2moe: return ("ffn_gate_inp_shexp", .vector)
    default: break
    }
    // Qwen has one shared expert, DeepSeek several side by side in one matrix.
    let shared = self == .qwen2moe ? "mlp.shared_expert." : "mlp.shared_experts."
    guard self == .qwen2moe || isLatent, name.hasPrefix(shared) else { return nil }
    switch name.dropFirst(shared.count) {
    case "gate_proj": return ("ffn_gate_shexp", .kept)
    case "up_proj": return ("ffn_up_shexp", .kept)
    case "down_proj": return ("ffn_down_shexp", .kept)
    default: return nil
    }
  }

  // MARK: Other kinds of attention

  private func latent(_ name: Substring) -> (String, Treatment)? {
    switch name {
    case "self_attn.q_a_proj": ("attn_q_a", .kept)
    case "self_attn.q_a_layernorm": ("attn_q_a_norm", .norm)
    case "self_attn.q_b_proj": ("attn_q_b", .kept)
    case "self_attn.kv_a_proj_with_mqa": ("attn_kv_a_mqa", .kept)
    case "self_attn.kv_a_layernorm": ("attn_kv_a_norm", .norm)
    case "self_attn.kv_b_proj": ("attn_kv_b", .keysAndValues)
    default: nil
    }
  }

  /// Lightning attention (MiniMax-01, arXiv:2501.08313). A head's rows of `attn_qkv` follow each other: its query, key, value.
  private func lightning(_ name: Substring) -> (String, Treatment)? {
    guard self == .minimax01 else { return nil }
    switch name {
    case "self_attn.qkv_proj": return ("attn_qkv", .kept)
    case "self_attn.output_gate": return ("attn_gate", .kept)
    // Of what attention gives, before the output matrix.
    case "self_attn.norm": return ("attn_norm_2", .norm)
    case "self_attn.out_proj": return ("attn_output", .kept)
    default: return nil
    }
  }
}
