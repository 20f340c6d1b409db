import MinkeCheckpoints
import Testing

@Suite("A hostile folder with experts gives one clear error", .timeLimit(.minutes(2)))
struct HostileMixturesTests {
  private func error(_ folder: TinyFolder) -> CheckpointError? {
    do {
      try folder.open().validateTensors()
      return nil
    } catch {
      expectClear(error, "\(error)")
      return error
    }
  }

  private let prefix = "model.layers.0.mlp.experts."

  private func refused(_ raw: RawSafetensors, _ changes: [String: String?] = [:]) throws -> CheckpointError? {
    error(try MixtureFolder.make(MixtureFolder.deepSeek, changes, raw))
  }

  @Test("for experts that are missing, too many, twice, or unlike the others")
  func experts() throws {
    #expect(try refused(MixtureFolder.weights()) == nil)
    let missing = try refused(
      MixtureFolder.weights(), ["n_routed_experts": "4", "n_group": "2", "topk_group": "2"])
    #expect(missing?.kind == .missing)
    #expect(missing?.found == "no such tensor of expert 3")
    let many = try refused(MixtureFolder.weights(), ["n_routed_experts": "2"])
    #expect(many?.place == .tensor(prefix + "2.gate_proj.weight"))
    for index in ["3", "99999999", "9223372036854775807"] {
      let raw = MixtureFolder.weights {
        $0.add(prefix + index + ".gate_proj.weight", [4, 8], Array(repeating: 0, count: 32))
      }
      #expect(try refused(raw)?.found == "expert \(index)")
    }
    for index in ["-1", "01", "", "x", "9223372036854775808"] {
      let raw = MixtureFolder.weights {
        $0.add(prefix + index + ".gate_proj.weight", [4, 8], Array(repeating: 0, count: 32))
      }
      #expect(try refused(raw)?.kind == .unsupported)
    }
    let twice = MixtureFolder.weights {
      $0.add(
        "model.language_model.layers.0.mlp.experts.1.gate_proj.weight", [4, 8], Array(repeating: 0, count: 32)
      )
    }
    #expect(try refused(twice)?.found.contains("a second expert 1") == true)
    let shapes: [(String, [Int], Int)] = [
      ("F32", [8, 4], 128), ("F32", [4, 4], 64), ("F16", [4, 8], 64), ("F32", [32], 128),
      ("F32", [1, 4, 8], 128),
      ("F32", [0, 8], 0), ("I32", [4, 8], 128), ("F8_E4M3", [4, 8], 32),
    ]
    for (type, shape, byteCount) in shapes {
      var raw = RawSafetensors()
      raw.add("model.embed_tokens.weight", [6, 8], Array(repeating: 0, count: 48))
      for expert in [0, 2] {
        raw.add(prefix + "\(expert).up_proj.weight", [4, 8], Array(repeating: 0, count: 32))
      }
      raw.add(prefix + "1.up_proj.weight", type, shape, [UInt8](repeating: 0, count: byteCount))
      #expect(try refused(raw)?.place == .tensor(prefix + "1.up_proj.weight"), "\(type) \(shape)")
    }
  }

  @Test("for extents that no memory has, and files that end early")
  func extents() throws {
    var huge = RawSafetensors()
    huge.record("model.embed_tokens.weight", "F32", [6, 8], 0, 192)
    let size = 1 << 61
    for expert in 0..<3 {
      huge.record(
        prefix + "\(expert).gate_proj.weight", "F8_E4M3", [1 << 31, 1 << 30], 192 + expert * size,
        192 + (expert + 1) * size)
    }
    huge.data = [UInt8](repeating: 0, count: 192)
    #expect(try refused(huge) != nil)
    var short = MixtureFolder.weights()
    short.data.removeLast()
    #expect(try refused(short)?.kind == .truncated)
  }

  @Test("for scales that do not fit, or are missing for one expert")
  func scales() throws {
    func raw(_ shape: [Int], for scaled: Range<Int>) -> RawSafetensors {
      var raw = RawSafetensors()
      raw.add("model.embed_tokens.weight", [6, 8], Array(repeating: 0, count: 48))
      for expert in 0..<3 {
        let name = prefix + "\(expert).gate_proj.weight"
        raw.add(name, "F8_E4M3", [4, 8], [UInt8](repeating: 0x38, count: 32))
        if scaled.contains(expert) {
          raw.add(name + "_scale_inv", shape, Array(repeating: 1, count: shape.reduce(1, *)))
        }
      }
      return raw
    }
    #expect(try refused(raw([1, 1], for: 0..<3)) == nil)
    #expect(try refused(raw([1, 1], for: 0..<2))?.place == .tensor(prefix + "2.gate_proj.weight"))
    #expect(try refused(raw([2, 2], for: 0..<3))?.place == .tensor(prefix + "0.gate_proj.weight_scale_inv"))
    var orphan = MixtureFolder.weights()
    orphan.add(prefix + "0.up_proj.weight_scale_inv", [1, 1], [1])
    #expect(try refused(orphan)?.found == "scales without their tensor")
  }

  @Test(
    "for what makes keys and values in another shape",
    arguments: [[10, 5], [9, 4], [11, 4], [40], [5, 8]])
  func heads(shape: [Int]) throws {
    let name = "model.layers.0.self_attn.kv_b_proj.weight"
    let raw = MixtureFolder.weights { $0.add(name, shape, Array(repeating: 0, count: shape.reduce(1, *))) }
    #expect(try refused(raw)?.place == .tensor(name))
  }

  @Test("for vectors that are none, and biases that nothing adds")
  func vectors() throws {
    for (name, shape) in [
      ("mlp.gate.e_score_correction_bias", [3, 2]), ("self_attn.kv_a_layernorm.weight", [2, 2]),
      ("self_attn.kv_a_proj_with_mqa.bias", [6]), ("self_attn.k_proj.weight", [4, 8]),
      ("mlp.shared_expert.up_proj.weight", [4, 8]), ("block_sparse_moe.gate.weight", [3, 8]),
      ("mlp.experts.gate_up_proj", [3, 8]), ("mlp.experts.0.w1.weight", [4, 8]),
    ] {
      let raw = MixtureFolder.weights {
        $0.add("model.layers.0." + name, shape, Array(repeating: 0, count: shape.reduce(1, *)))
      }
      #expect(try refused(raw)?.place == .tensor("model.layers.0." + name))
    }
  }

  @Test("for layers that config.json does not count", arguments: ["1", "4096", "9223372036854775807"])
  func layers(number: String) throws {
    let raw = MixtureFolder.weights {
      $0.add("model.layers.\(number).input_layernorm.weight", [8], Array(repeating: 1, count: 8))
    }
    #expect(try refused(raw)?.found == "a tensor of layer \(number)")
  }

  @Test("for values of config.json that make no sense or ask for what is not computed")
  func configurations() throws {
    let bad: [([String: String], String, String?)] = [
      (MixtureFolder.mixtral, "num_local_experts", nil), (MixtureFolder.mixtral, "num_local_experts", "0"),
      (MixtureFolder.mixtral, "num_local_experts", "1000000"),
      (MixtureFolder.mixtral, "num_experts_per_tok", "4"),
      (MixtureFolder.mixtral, "num_experts_per_tok", nil),
      (MixtureFolder.qwen, "decoder_sparse_step", "2"), (MixtureFolder.qwen, "mlp_only_layers", "[0]"),
      (MixtureFolder.qwen, "norm_topk_prob", "1"),
      (MixtureFolder.qwen, "shared_expert_intermediate_size", "-1"),
      (MixtureFolder.deepSeek, "n_routed_experts", "99999999999999999999"),
      (MixtureFolder.deepSeek, "n_group", "2"),
      (MixtureFolder.deepSeek, "n_group", "3"), (MixtureFolder.deepSeek, "n_group", nil),
      (MixtureFolder.deepSeek, "topk_group", "2"), (MixtureFolder.deepSeek, "scoring_func", "\"softmax\""),
      (MixtureFolder.deepSeek, "topk_method", "\"greedy\""), (MixtureFolder.deepSeek, "moe_layer_freq", "2"),
      (MixtureFolder.deepSeek, "first_k_dense_replace", "2"),
      (MixtureFolder.deepSeek, "qk_rope_head_dim", "3"),
      (MixtureFolder.deepSeek, "qk_nope_head_dim", "0"), (MixtureFolder.deepSeek, "v_head_dim", "1000000"),
      (MixtureFolder.deepSeek, "kv_lora_rank", nil), (MixtureFolder.deepSeek, "q_lora_rank", "\"x\""),
      (MixtureFolder.deepSeek, "num_key_value_heads", "1"),
      (MixtureFolder.deepSeek, "rope_interleave", "false"),
      (MixtureFolder.deepSeek, "routed_scaling_factor", "0"),
      (MixtureFolder.deepSeek, "num_nextn_predict_layers", "-1"),
      (MixtureFolder.miniMax, "layer_types", nil), (MixtureFolder.miniMax, "layer_types", "[]"),
      (MixtureFolder.miniMax, "layer_types", "[\"sliding_attention\"]"),
      (MixtureFolder.miniMax, "postnorm", "false"),
      (MixtureFolder.miniMax, "shared_intermediate_size", "64"), (MixtureFolder.miniMax, "rotary_dim", "3"),
      (MixtureFolder.miniMax, "mlp_alpha_factor", "\"x\""),
      (MixtureFolder.miniMaxM2, "rotary_dim", "6"), (MixtureFolder.miniMaxM2, "partial_rotary_factor", "0.3"),
      (MixtureFolder.miniMaxM2, "use_qk_norm", "false"), (MixtureFolder.miniMaxM2, "attn_type_list", "[0]"),
      (MixtureFolder.miniMaxM2, "scoring_func", "\"softmax\""),
    ]
    let embedding = { () -> RawSafetensors in
      var raw = RawSafetensors()
      raw.add("model.embed_tokens.weight", [6, 8], Array(repeating: 0, count: 48))
      return raw
    }()
    for family in [
      MixtureFolder.mixtral, MixtureFolder.qwen, MixtureFolder.deepSeek, MixtureFolder.miniMax,
      MixtureFolder.miniMaxM2,
    ] {
      #expect(error(try MixtureFolder.make(family, [:], embedding)) == nil, "\(family)")
    }
    for (family, key, value) in bad {
      let found = error(try MixtureFolder.make(family, [key: value], embedding))
      #expect(found?.place == .key(key), "\(key): \(value ?? "none")")
    }
    let linear = ["rope_scaling": "{\"type\": \"linear\", \"factor\": 2}"]
    #expect(error(try MixtureFolder.make(MixtureFolder.deepSeek, linear, embedding))?.kind == .unsupported)
    let partial = ["rope_parameters": "{\"rope_theta\": 10000, \"partial_rotary_factor\": 0.5}"]
    #expect(error(try MixtureFolder.make(MixtureFolder.mixtral, partial, embedding))?.kind == .unsupported)
  }
}
