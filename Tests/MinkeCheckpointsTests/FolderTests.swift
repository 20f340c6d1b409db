import Foundation
import MinkeCheckpoints
import MinkeTensors
import Testing

extension Checkpoint {
  /// All elements of a tensor.
  func floats(_ name: String) throws -> [Float] {
    let tensor = try weight(named: name)
    var values = [Float](repeating: 0, count: tensor.rows * tensor.columns)
    try unsafe values.withUnsafeMutableBufferPointer {
      try unsafe tensor.readFloats(0..<tensor.rows, into: $0)
    }
    return values
  }
}

@Suite("A folder in Hugging Face layout is read as a GGUF file")
struct FolderTests {
  @Test("with GGUF's keys, names and shapes")
  func whole() throws {
    let folder = try TinyFolder()
    let checkpoint = try folder.open()
    try checkpoint.validateTensors()
    let metadata = checkpoint.metadata
    #expect(try metadata.string("general.architecture") == "qwen2")
    #expect(try metadata.integer("qwen2.embedding_length") == 8)
    #expect(try metadata.integer("qwen2.attention.head_count_kv") == 1)
    #expect(try metadata.float("qwen2.rope.freq_base") == 10_000)
    #expect(checkpoint.tensors.count == 14)
    #expect(checkpoint.tensors.first?.name == "token_embd.weight")
    #expect(checkpoint.tensors.last?.name == "output_norm.weight")
    let down = try checkpoint.weight(named: "blk.0.ffn_down.weight", dimensions: [4, 8])
    #expect(down.type == .f32)
    #expect(down.stored != nil)
    #expect(try checkpoint.floats("token_embd.weight") == (0..<48).map { Float($0) / 64 })
  }

  @Test("Vectors become F32, matrices keep their type")
  func types() throws {
    let half = TinyFolder.weights { raw in
      raw = RawSafetensors()
      // 1, 2, 3 … in half precision and in the upper half of a float32.
      raw.add("model.embed_tokens.weight", "F16", [6, 8], (0..<48).flatMap { _ in [0x00, 0x3C] as [UInt8] })
      raw.add("model.norm.weight", "BF16", [8], (0..<8).flatMap { _ in [0x80, 0x3F] as [UInt8] })
    }
    let checkpoint = try TinyFolder(["model.safetensors": half.bytes]).open()
    #expect(try checkpoint.weight(named: "token_embd.weight").type == .f16)
    #expect(try checkpoint.weight(named: "output_norm.weight").type == .f32)
    #expect(try checkpoint.floats("output_norm.weight") == Array(repeating: 1, count: 8))
    #expect(try checkpoint.floats("token_embd.weight") == Array(repeating: 1, count: 48))
  }

  @Test("Queries and keys of llama have the pairs of RoPE side by side")
  func interleaved() throws {
    // Two heads of four rows; each row is its number twice.
    let raw = TinyFolder.weights { raw in
      raw = RawSafetensors()
      raw.add("model.embed_tokens.weight", [6, 2], Array(repeating: 0, count: 12))
      raw.add("model.layers.0.self_attn.q_proj.weight", [8, 2], (0..<16).map { Float($0 / 2) })
      raw.add("model.layers.0.self_attn.q_proj.bias", [8], (0..<8).map { Float($0) })
      raw.add("model.layers.0.self_attn.v_proj.weight", [8, 2], (0..<16).map { Float($0 / 2) })
    }
    let folder = try TinyFolder.configured(
      ["architectures": "[\"LlamaForCausalLM\"]"], ["model.safetensors": raw.bytes])
    let checkpoint = try folder.open()
    let order: [Float] = [0, 2, 1, 3, 4, 6, 5, 7]
    #expect(try checkpoint.floats("blk.0.attn_q.weight") == order.flatMap { [$0, $0] })
    #expect(try checkpoint.floats("blk.0.attn_q.bias") == order)
    #expect(try checkpoint.floats("blk.0.attn_v.weight") == (0..<16).map { Float($0 / 2) })
    // In pieces, and as bytes.
    let tensor = try checkpoint.weight(named: "blk.0.attn_q.weight")
    var part = [UInt8](repeating: 0, count: 16)
    unsafe part.withUnsafeMutableBytes { unsafe tensor.readRows(5..<7, into: $0) }
    #expect(part == RawSafetensors.bytes([6, 6, 5, 5]))
  }

  @Test("Gemma's norms get their one back, and what sees is left out")
  func gemma() throws {
    let raw = TinyFolder.weights { raw in
      raw = RawSafetensors()
      raw.add("language_model.model.embed_tokens.weight", [6, 2], Array(repeating: 0, count: 12))
      raw.add("language_model.model.norm.weight", [2], [0.5, -0.25])
      raw.add("vision_tower.patch.weight", [2, 2], [1, 2, 3, 4])
      raw.add("multi_modal_projector.weight", [2], [1, 2])
    }
    let text =
      "{\"hidden_size\": 8, \"intermediate_size\": 4, \"num_hidden_layers\": 7, \"query_pre_attn_scalar\": 64}"
    let folder = try TinyFolder.configured(
      ["architectures": "[\"Gemma3ForConditionalGeneration\"]", "text_config": text],
      ["model.safetensors": raw.bytes])
    let checkpoint = try folder.open()
    #expect(checkpoint.tensors.map(\.name) == ["token_embd.weight", "output_norm.weight"])
    #expect(try checkpoint.floats("output_norm.weight") == [1.5, 0.75])
    #expect(try checkpoint.metadata.float("gemma3.attention.scale") == 0.125)
    #expect(try checkpoint.metadata.integer("gemma3.attention.sliding_window_pattern") == 6)
    #expect(try checkpoint.metadata.integer("gemma3.attention.key_length") == 256)
    #expect(try checkpoint.metadata.float("gemma3.rope.freq_base") == 1_000_000)
  }

  @Test("The output matrix is the embedding, its own, or missing, as config.json says")
  func tied() throws {
    let both = TinyFolder.weights { $0.add("lm_head.weight", [6, 8], Array(repeating: 1, count: 48)) }.bytes
    #expect(try !TinyFolder(["model.safetensors": both]).open().hasTensor(named: "output.weight"))
    let untied = try TinyFolder.configured(["tie_word_embeddings": "false"], ["model.safetensors": both])
      .open()
    #expect(try untied.floats("output.weight") == Array(repeating: 1, count: 48))
    let error = #expect(throws: CheckpointError.self) {
      try TinyFolder.configured(["tie_word_embeddings": "false"]).open()
    }
    #expect(error?.place == .tensor("lm_head.weight"))
    #expect(try !TinyFolder.configured(["tie_word_embeddings": nil]).open().hasTensor(named: "output.weight"))
  }

  @Test("A window of all layers bounds the context, where it is in use")
  func window() throws {
    func context(_ changes: [String: String?]) throws -> Int? {
      let folder = try TinyFolder.configured(changes)
      return try folder.open().metadata.integers(ending: ".context_length")
    }
    #expect(try context([:]) == 32)
    #expect(try context(["sliding_window": "16"]) == 32)
    #expect(try context(["sliding_window": "16", "use_sliding_window": "true"]) == 16)
    #expect(try context(["sliding_window": "null", "use_sliding_window": "true"]) == 32)
    #expect(try context(["architectures": "[\"MistralForCausalLM\"]", "sliding_window": "16"]) == 16)
  }

  @Test("Both ways of writing the rotation are read")
  func rotation() throws {
    let yarn = """
      {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8, "beta_fast": 16, "attention_factor": 2}
      """
    for changes in [
      ["rope_scaling": yarn],
      ["rope_theta": nil, "rope_parameters": yarn.replacing("}", with: ", \"rope_theta\": 10000}")],
    ] as [[String: String?]] {
      let metadata = try TinyFolder.configured(changes).open().metadata
      #expect(try metadata.float("qwen2.rope.freq_base") == 10_000)
      #expect(try metadata.string("qwen2.rope.scaling.type") == "yarn")
      #expect(try metadata.float("qwen2.rope.scaling.factor") == 4)
      #expect(try metadata.integer("qwen2.rope.scaling.original_context_length") == 8)
      #expect(try metadata.float("qwen2.rope.scaling.yarn_beta_fast") == 16)
      #expect(metadata["qwen2.rope.scaling.yarn_beta_slow"] == nil)
      // GGUF multiplies 0.1 ln 4 + 1.
      let factor = try #require(try metadata.float("qwen2.rope.scaling.attn_factor"))
      #expect(abs(factor - 2 / (0.1 * log(4) + 1)) < 1e-6)
    }
    let llama3 = """
      {"type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 16}
      """
    let checkpoint = try TinyFolder.configured(["rope_scaling": llama3]).open()
    #expect(checkpoint.metadata["qwen2.rope.scaling.type"] == nil)
    // Wavelengths of 6.3 and 628 positions: 16/6.3 turns lie between, 16/628 below.
    let smooth = (16 / (2 * Double.pi) - 1) / 3
    let divisors = try checkpoint.floats("rope_freqs.weight")
    #expect(abs(Double(divisors[0]) - 1 / ((1 - smooth) / 8 + smooth)) < 1e-6)
    #expect(divisors[1] == 8)
    // Within the stated context nothing is scaled.
    let dynamic = try TinyFolder.configured(["rope_scaling": "{\"type\": \"dynamic\", \"factor\": 2}"]).open()
    #expect(dynamic.metadata["qwen2.rope.scaling.type"] == nil)
  }

  @Test("Advice on sampling and the ends of an answer come from generation_config.json")
  func generation() throws {
    let advice = """
      {"do_sample": true, "temperature": 0.6, "top_p": 0.95, "top_k": 20, "repetition_penalty": 1.05,
       "eos_token_id": [3, 4]}
      """
    let metadata = try TinyFolder(["generation_config.json": Array(advice.utf8)]).open().metadata
    #expect(try metadata.float("general.sampling.temp").map { Float($0) } == 0.6)
    #expect(try metadata.integer("general.sampling.top_k") == 20)
    #expect(try metadata.integer("tokenizer.ggml.eos_token_id") == 3)
    #expect(try metadata.integer("tokenizer.ggml.eot_token_id") == 4)
    let greedy = advice.replacing("true", with: "false")
    let without = try TinyFolder(["generation_config.json": Array(greedy.utf8)]).open().metadata
    #expect(without["general.sampling.temp"] == nil)
  }
}

extension Metadata {
  /// The integer under the only key that ends so.
  fileprivate func integers(ending suffix: String) throws -> Int? {
    try keys.first { $0.hasSuffix(suffix) }.flatMap { try integer($0) }
  }
}
