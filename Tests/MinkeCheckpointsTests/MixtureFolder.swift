import MinkeCheckpoints

/// A folder with a tiny model with experts, of one layer, whose files a test may replace.
struct MixtureFolder {
  static let experts = 3

  /// Two heads of 2 + 2 elements, whose values have 3, from latents of 4.
  static let deepSeek: [String: String] = [
    "architectures": "[\"DeepseekV3ForCausalLM\"]", "num_key_value_heads": "2", "kv_lora_rank": "4",
    "q_lora_rank": "4", "qk_nope_head_dim": "2", "qk_rope_head_dim": "2", "v_head_dim": "3",
    "n_routed_experts": "3", "num_experts_per_tok": "2", "n_shared_experts": "1",
    "moe_intermediate_size": "4", "first_k_dense_replace": "0", "n_group": "1", "topk_group": "1",
    "norm_topk_prob": "true", "routed_scaling_factor": "2.5",
  ]

  static let mixtral: [String: String] = [
    "architectures": "[\"MixtralForCausalLM\"]", "num_local_experts": "3", "num_experts_per_tok": "2",
  ]

  static let miniMax: [String: String] = [
    "architectures": "[\"MiniMaxForCausalLM\"]", "num_local_experts": "3", "num_experts_per_tok": "2",
    "layer_types": "[\"linear_attention\"]",
  ]

  static let miniMaxM2: [String: String] = [
    "architectures": "[\"MiniMaxM2ForCausalLM\"]", "num_local_experts": "3", "num_experts_per_tok": "2",
  ]

  static let qwen: [String: String] = [
    "architectures": "[\"Qwen2MoeForCausalLM\"]", "num_experts": "3", "num_experts_per_tok": "2",
    "moe_intermediate_size": "4", "shared_expert_intermediate_size": "4",
  ]

  /// The embedding and the first matrix of every expert: expert e has values from 100 · e.
  static func weights(
    _ prefix: String = "model.layers.0.mlp.experts.", _ part: String = "gate_proj",
    _ configure: (inout RawSafetensors) -> Void = { _ in }
  ) -> RawSafetensors {
    var raw = RawSafetensors()
    raw.add("model.embed_tokens.weight", [6, 8], Array(repeating: 0, count: 48))
    for expert in 0..<experts {
      raw.add("\(prefix)\(expert).\(part).weight", [4, 8], (0..<32).map { Float($0 + 100 * expert) })
    }
    configure(&raw)
    return raw
  }

  static func make(
    _ family: [String: String], _ changes: [String: String?] = [:], _ raw: RawSafetensors = weights()
  ) throws -> TinyFolder {
    var members: [String: String?] = family
    members.merge(changes) { $1 }
    return try TinyFolder.configured(members, ["model.safetensors": raw.bytes])
  }
}
