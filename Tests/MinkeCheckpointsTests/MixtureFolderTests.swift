import Foundation
import MinkeCheckpoints
import MinkeTensors
import Testing

@Suite("The matrices of experts are read as one tensor")
struct ExpertTensorTests {
  @Test("in the order of their numbers, whatever that of the file", arguments: [true, false])
  func order(isMixtral: Bool) throws {
    let (prefix, part) =
      isMixtral
      ? ("model.layers.0.block_sparse_moe.experts.", "w1") : ("model.layers.0.mlp.experts.", "gate_proj")
    var raw = RawSafetensors()
    for expert in [2, 0, 1] {
      raw.add("\(prefix)\(expert).\(part).weight", [4, 8], (0..<32).map { Float($0 + 100 * expert) })
    }
    raw.add("model.embed_tokens.weight", [6, 8], Array(repeating: 0, count: 48))
    let folder = try MixtureFolder.make(
      isMixtral ? MixtureFolder.mixtral : MixtureFolder.deepSeek, [:], raw)
    let checkpoint = try folder.open()
    let tensor = try checkpoint.weight(named: "blk.0.ffn_gate_exps.weight", dimensions: [8, 4, 3])
    #expect(tensor.rows == 12)
    let expected = (0..<3).flatMap { expert in (0..<32).map { Float($0 + 100 * expert) } }
    #expect(try checkpoint.floats(tensor.name) == expected)
    // Pieces within an expert and over two borders.
    for rows in [1..<3, 3..<5, 3..<9, 11..<12, 5..<5] {
      var part = [Float](repeating: 0, count: rows.count * 8)
      try unsafe part.withUnsafeMutableBufferPointer { try unsafe tensor.readFloats(rows, into: $0) }
      #expect(part == Array(expected[rows.lowerBound * 8..<rows.upperBound * 8]))
      tensor.releasePages(ofRows: rows)
    }
    #expect(try checkpoint.floats(tensor.name) == expected)
  }

  @Test("of 8-bit floats, each with scales of its own")
  func scaled() throws {
    var raw = MixtureFolder.weights()
    raw = RawSafetensors()
    raw.add("model.embed_tokens.weight", [6, 8], Array(repeating: 0, count: 48))
    // 1 and −1.5 in turn; blocks of 2 × 3.
    for expert in 0..<3 {
      let name = "model.layers.0.mlp.experts.\(expert).gate_proj.weight"
      raw.add(name, "F8_E4M3", [3, 4], Array(repeating: [0x38, 0xBC], count: 6).flatMap { $0 })
      raw.add(name + "_scale_inv", [2, 2], [1, 2, 4, 8].map { $0 * Float(expert + 1) })
    }
    let folder = try MixtureFolder.make(
      MixtureFolder.deepSeek,
      ["quantization_config": #"{"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [2, 3]}"#], raw)
    let checkpoint = try folder.open()
    #expect(try checkpoint.weight(named: "blk.0.ffn_gate_exps.weight", dimensions: [4, 3, 3]).type == .bf16)
    let one: [Float] = [1, -1.5, 1, -3, 1, -1.5, 1, -3, 4, -6, 4, -12]
    #expect(
      try checkpoint.floats("blk.0.ffn_gate_exps.weight")
        == (1...3).flatMap { n in one.map { $0 * Float(n) } })
    let half = try CheckpointConversion(checkpoint, to: .f16).writer(threadCount: 2)
    let file = try GGUFFile(bytes: half.serialized())
    #expect(
      try file.floats("blk.0.ffn_gate_exps.weight") == checkpoint.floats("blk.0.ffn_gate_exps.weight"))
  }

  @Test("Keys and values of 8-bit floats keep their scales when they are split")
  func scaledHeads() throws {
    var raw = MixtureFolder.weights()
    let name = "model.layers.0.self_attn.kv_b_proj.weight"
    // Two heads of 2 + 3 rows, 4 columns; blocks of 3 × 3.
    raw.add(name, "F8_E4M3", [10, 4], (0..<40).map { UInt8($0 % 2 == 0 ? 0x38 : 0x40) })
    raw.add(name + "_scale_inv", [4, 2], (1...8).map { Float($0) })
    let folder = try MixtureFolder.make(
      MixtureFolder.deepSeek,
      ["quantization_config": #"{"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [3, 3]}"#], raw)
    let checkpoint = try folder.open()
    func value(_ row: Int, _ column: Int) -> Float {
      (column % 2 == 0 ? 1 : 2) * Float(row / 3 * 2 + column / 3 + 1)
    }
    let keys = (0..<2).flatMap { head in
      (0..<4).flatMap { column in (0..<2).map { value(head * 5 + $0, column) } }
    }
    let values = (0..<2).flatMap { head in
      (2..<5).flatMap { row in (0..<4).map { value(head * 5 + row, $0) } }
    }
    #expect(try checkpoint.weight(named: "blk.0.attn_k_b.weight").dimensions == [2, 4, 2])
    #expect(try checkpoint.weight(named: "blk.0.attn_v_b.weight").dimensions == [4, 3, 2])
    #expect(try checkpoint.floats("blk.0.attn_k_b.weight") == keys)
    #expect(try checkpoint.floats("blk.0.attn_v_b.weight") == values)
    let file = try GGUFFile(
      bytes: CheckpointConversion(checkpoint, to: .auto).writer(threadCount: 2).serialized())
    #expect(try file.floats("blk.0.attn_k_b.weight") == keys)
    for rows in [0..<1, 3..<6, 2..<2] {
      try checkpoint.weight(named: "blk.0.attn_k_b.weight").releasePages(ofRows: rows)
      try checkpoint.weight(named: "blk.0.attn_v_b.weight").releasePages(ofRows: rows)
    }
    #expect(try checkpoint.floats("blk.0.attn_k_b.weight") == keys)
  }

  @Test("A layer that guesses further ahead is left out, scales and all")
  func predicting() throws {
    let raw = MixtureFolder.weights {
      $0.add("model.layers.1.eh_proj.weight", "F8_E4M3", [2, 2], [1, 2, 3, 4])
      $0.add("model.layers.1.eh_proj.weight_scale_inv", [1, 1], [1])
      $0.add("model.layers.1.mlp.experts.7.gate_proj.weight", [2, 2], [1, 2, 3, 4])
    }
    let checkpoint = try MixtureFolder.make(
      MixtureFolder.deepSeek, ["num_nextn_predict_layers": "1"], raw
    ).open()
    #expect(checkpoint.tensors.map(\.name) == ["token_embd.weight", "blk.0.ffn_gate_exps.weight"])
    let error = #expect(throws: CheckpointError.self) {
      try MixtureFolder.make(MixtureFolder.deepSeek, [:], raw).open()
    }
    #expect(error?.found == "a tensor of layer 1")
  }
}

@Suite("Keys of models with experts")
struct MixtureKeysTests {
  @Test("The scale of DeepSeek's scores and of its rotation")
  func yarn() throws {
    func metadata(_ mscale: String) throws -> Metadata {
      let scaling = """
        {"type": "yarn", "factor": 4, "original_max_position_embeddings": 8, "beta_fast": 32, "beta_slow": 1\(mscale)}
        """
      return try MixtureFolder.make(MixtureFolder.deepSeek, ["rope_scaling": scaling]).open().metadata
    }
    let equal = try metadata(", \"mscale\": 0.707, \"mscale_all_dim\": 0.707")
    #expect(try equal.float("deepseek2.rope.scaling.yarn_log_multiplier").map { Float($0) } == 0.0707)
    #expect(equal["deepseek2.rope.scaling.attn_factor"] == nil)
    let different = try metadata(", \"mscale\": 1, \"mscale_all_dim\": 0.5")
    let factor = try #require(try different.float("deepseek2.rope.scaling.attn_factor"))
    #expect(abs(factor - (0.1 * log(4) + 1) / (0.05 * log(4) + 1)) < 1e-6)
    let none = try metadata("")
    #expect(none["deepseek2.rope.scaling.yarn_log_multiplier"] == nil)
    #expect(none["deepseek2.rope.scaling.attn_factor"] == nil)
  }

  @Test("The makers' own names for MiniMax-01's fields")
  func lightning() throws {
    let raw = MixtureFolder.weights("model.layers.0.block_sparse_moe.experts.", "w2")
    let metadata = try MixtureFolder.make(
      MixtureFolder.miniMax,
      [
        "architectures": "[\"MiniMaxM1ForCausalLM\"]", "layer_types": nil, "attn_type_list": "[0]",
        "layernorm_full_attention_alpha": "3.5", "layernorm_linear_attention_alpha": "3.5",
        "layernorm_mlp_alpha": "3.5", "layernorm_mlp_beta": "1.0", "postnorm": "true", "rotary_dim": "2",
        "shared_intermediate_size": "[0]",
      ], raw
    ).open().metadata
    #expect(try metadata.string("general.architecture") == "minimax-01")
    #expect(try metadata.bools("minimax-01.attention.recurrent_layers") == [true])
    #expect(try metadata.float("minimax-01.residual_scale") == 3.5)
    #expect(try metadata.integer("minimax-01.rope.dimension_count") == 2)
    #expect(metadata["minimax-01.residual.feed_forward_alpha"] == nil)
  }

  @Test("Groups that a greedy choice ignores are not stated")
  func greedy() throws {
    let greedy = try MixtureFolder.make(
      MixtureFolder.deepSeek,
      [
        "architectures": "[\"DeepseekV2ForCausalLM\"]", "topk_method": "\"greedy\"", "n_group": "3",
        "norm_topk_prob": "false",
      ]
    ).open().metadata
    #expect(greedy["deepseek2.expert_group_count"] == nil)
    #expect(try greedy.integer("deepseek2.expert_gating_func") == 1)
  }
}
