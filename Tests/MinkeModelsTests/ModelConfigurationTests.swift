import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

@Suite("A configuration is what the metadata state")
struct ModelConfigurationTests {
  @Test("Layers that see a window keep their positions apart")
  func layerGroups() throws {
    let gemma = try ModelConfiguration(TinyModel("gemma3-regular").file)
    // Every sixth of seven layers sees everything.
    #expect(
      gemma.cacheShape().groups == [KVLayerGroup(layerCount: 1), KVLayerGroup(layerCount: 6, window: 8)])
    #expect(
      (0..<7).map(gemma.cachePlace)
        == [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (0, 0), (1, 5)].map {
          KVLayerPlace(group: $0.0, layer: $0.1)
        })
    var local = gemma
    local.layerCount = 3
    #expect(local.cacheShape().groups == [KVLayerGroup(layerCount: 3, window: 8)])
    #expect(local.cachePlace(of: 2) == KVLayerPlace(layer: 2))
    let minimax = try ModelConfiguration(TinyModel("minimax-regular").file)
    let linear = try #require(minimax.linear?.isLinear)
    #expect(minimax.cacheShape().groups == [KVLayerGroup(layerCount: linear.count { !$0 })])
    for layer in linear.indices where !linear[layer] {
      #expect(minimax.cachePlace(of: layer).layer == linear[..<layer].count { !$0 })
    }
  }

  @Test func gemma3() throws {
    let configuration = try ModelConfiguration(TinyModel("gemma3-odd-linear").file)
    #expect(configuration.architecture == "gemma3")
    #expect(configuration.vocabularySize == 131)
    #expect(configuration.contextLength == 64)
    #expect(configuration.hiddenSize == 40)
    #expect(configuration.layerCount == 3)
    #expect(configuration.feedForwardSize == 36)
    #expect(configuration.normEpsilon == 1e-6)
    #expect(configuration.embeddingScale == Float(40).squareRoot())
    #expect(configuration.logitSoftCap == 12)
    #expect(configuration.attention.headCount == 2)
    #expect(configuration.attention.keyValueHeadCount == 1)
    #expect(configuration.attention.keyLength == 24)
    #expect(configuration.attention.scale == 1 / Float(20).squareRoot())
    #expect(configuration.attention.slidingWindow == SlidingWindow(size: 5, pattern: 2))
    #expect((0..<3).map(configuration.isLocal) == [true, false, true])
    #expect(configuration.rotary.scaling == .linear(factor: 8))
    #expect(configuration.rotary.base == 1_000_000)
    #expect(configuration.localRotary.scaling == .none)
    #expect(configuration.localRotary.base == 5000)
  }

  @Test func layoutsOfRotation() throws {
    #expect(try ModelConfiguration(TinyModel("llama-regular").file).rotary.layout == .interleaved)
    #expect(try ModelConfiguration(TinyModel("qwen2-regular").file).rotary.layout == .halves)
    #expect(try ModelConfiguration(TinyModel("qwen3-regular").file).rotary.layout == .halves)
  }

  @Test("Gemma 3 27B, alone in having 62 layers, scales by hiddenSize / heads")
  func gemma27() throws {
    let file = try TinyModel("gemma3-regular").edited(["gemma3.block_count": .uint32(62)])
    #expect(try ModelConfiguration(file).attention.scale == 1 / Float(24.0 / 4).squareRoot())
  }

  @Test("An unknown architecture is named beside the known ones")
  func unknownArchitecture() throws {
    let file = try TinyModel("llama-regular").edited(["general.architecture": .string("mamba")])
    let text = message { _ = try ModelConfiguration(file) }
    #expect(text.contains("mamba"))
    #expect(
      text.contains("llama, qwen2, qwen2moe, qwen3, qwen3moe, gemma3, deepseek2, minimax-m2, minimax-01"))
  }

  /// What one key of `llama-odd-llama3` or of its scaling variants is changed to, and part of the error.
  static let hostileCases: [(key: String, value: MetadataValue?, expected: String)] = {
    var cases: [(String, MetadataValue?, String)] = []
    let integers = [
      "context_length", "embedding_length", "block_count", "feed_forward_length", "attention.head_count",
      "attention.head_count_kv", "rope.dimension_count", "vocab_size",
    ]
    for key in integers {
      cases.append((key, .uint32(0), "llama.\(key)"))
      cases.append((key, .int32(-1), "llama.\(key)"))
      cases.append((key, .uint64(.max), "llama.\(key)"))
      cases.append((key, .uint32(.max), "llama.\(key)"))
      cases.append((key, .string("4"), "expected an integer"))
      cases.append((key, .float32(4), "expected an integer"))
    }
    for key in [
      "context_length", "embedding_length", "block_count", "feed_forward_length", "attention.head_count",
      "attention.layer_norm_rms_epsilon",
    ] {
      cases.append((key, nil, "no such key"))
    }
    for key in ["attention.layer_norm_rms_epsilon", "rope.freq_base", "attention.scale"] {
      for value: Float in [0, -1, .nan, .infinity, -.infinity] {
        cases.append((key, .float32(value), "llama.\(key)"))
      }
      cases.append((key, .uint32(1), "expected a float"))
    }
    cases += [
      ("attention.head_count", .uint32(5), "a divisor"),  // of 72
      ("attention.head_count_kv", .uint32(2), "a divisor of the 3 query heads"),
      ("attention.key_length", .uint32(0), "llama.attention.key_length"),
      ("attention.key_length", .uint32(1 << 20), "1 to 1024"),
      ("attention.value_length", .uint32(16), "24, the length of a key"),
      ("rope.dimension_count", .uint32(23), "even number up to 24"),
      ("rope.dimension_count", .uint32(26), "even number up to 24"),
      ("rope.freq_base", .float32(1), "more than 1"),
      ("vocab_size", .uint32(130), "131, the rows of token_embd.weight"),
      ("expert_count", .uint32(8), "llama.expert_used_count: found no such key"),
      ("expert_count", .uint32(5000), "0 to 4096"),
      ("rope.scaling.type", .string("longrope"), "none, linear, llama3 or yarn"),
      ("rope.scaling.type", .uint32(1), "expected a string"),
      ("rope.scaling.type", .string("linear"), "llama.rope.scaling.factor"),
      ("rope.scaling.type", .string("yarn"), "llama.rope.scaling.factor"),
    ]
    return cases
  }()

  @Test("Every key is refused outside its range", arguments: 0..<hostileCases.count)
  func hostile(index: Int) throws {
    let (key, value, expected) = Self.hostileCases[index]
    let file = try TinyModel("llama-odd-llama3").edited(["llama." + key: value])
    let text = message { _ = try ModelConfiguration(file) }
    #expect(text.contains(expected), "\(key) = \(value.map(String.init(describing:)) ?? "nothing"): \(text)")
  }

  @Test("A factor without a type means linear scaling")
  func factorAlone() throws {
    let tiny = try TinyModel("llama-regular")
    func scaling(_ key: String, _ factor: Float) throws -> RotaryEmbedding.Scaling {
      try ModelConfiguration(try tiny.edited(["llama." + key: .float32(factor)])).rotary.scaling
    }
    #expect(try scaling("rope.scaling.factor", 4) == .linear(factor: 4))
    #expect(try scaling("rope.scale_linear", 2) == .linear(factor: 2))
    #expect(try scaling("rope.scaling.factor", 1) == .none)
  }

  @Test("Heads that cannot be paired are refused")
  func oddHeads() throws {
    let file = try TinyModel("qwen2-regular").edited(["qwen2.attention.key_length": .uint32(25)])
    #expect(message { _ = try ModelConfiguration(file) }.contains("heads of 25 cannot be paired"))
  }

  @Test("Scaling parameters are refused outside their range")
  func hostileScaling() throws {
    let tiny = try TinyModel("llama-regular")
    func text(_ type: String, _ changes: [String: MetadataValue]) -> String {
      var all: [String: MetadataValue?] = [
        "llama.rope.scaling.type": .string(type), "llama.rope.scaling.factor": .float32(4),
        "llama.rope.scaling.original_context_length": .uint32(16),
      ]
      for (key, value) in changes { all["llama.rope.scaling." + key] = value }
      return message { _ = try ModelConfiguration(try tiny.edited(all)) }
    }
    #expect(text("yarn", [:]) == "no error")
    #expect(text("llama3", [:]) == "no error")
    for value: Float in [0, -4, .nan, .infinity] {
      #expect(text("linear", ["factor": .float32(value)]).contains("rope.scaling.factor"))
      #expect(text("yarn", ["factor": .float32(value)]).contains("rope.scaling.factor"))
      #expect(text("yarn", ["yarn_beta_fast": .float32(value)]).contains("yarn_beta_fast"))
      #expect(text("yarn", ["attn_factor": .float32(value)]).contains("attn_factor"))
      #expect(text("llama3", ["low_freq_factor": .float32(value)]).contains("low_freq_factor"))
    }
    #expect(text("yarn", ["original_context_length": .uint32(0)]).contains("original_context_length"))
    #expect(text("yarn", ["yarn_ext_factor": .float32(2)]).contains("yarn_ext_factor"))
    #expect(text("yarn", ["yarn_beta_slow": .float32(64)]).contains("at most yarn_beta_fast"))
    #expect(text("llama3", ["high_freq_factor": .float32(0.5)]).contains("more than low_freq_factor"))
  }

  @Test("The sliding window of gemma3 is checked")
  func hostileWindow() throws {
    let tiny = try TinyModel("gemma3-regular")
    func text(_ key: String, _ value: MetadataValue?) -> String {
      message { _ = try ModelConfiguration(try tiny.edited(["gemma3." + key: value])) }
    }
    #expect(text("attention.sliding_window", nil).contains("no such key"))
    #expect(text("attention.sliding_window", .uint32(0)).contains("sliding_window"))
    #expect(text("attention.sliding_window_pattern", .uint32(0)).contains("sliding_window_pattern"))
    #expect(text("rope.freq_base_swa", .float32(-1)).contains("freq_base_swa"))
    #expect(text("final_logit_softcapping", .float32(0)).contains("final_logit_softcapping"))
  }

  @Test("Dense families refuse experts")
  func experts() throws {
    let file = try TinyModel("qwen2-regular").edited(["qwen2.expert_count": .uint32(8)])
    #expect(message { _ = try ModelConfiguration(file) }.contains("mixture-of-experts"))
  }

  /// A key of a model, what it is changed to (nil: left out), and part of the error.
  static let expertCases: [(model: String, key: String, value: MetadataValue?, expected: String)] = [
    ("qwen3moe-regular", "qwen3moe.expert_count", nil, "qwen3moe.expert_count: found no such key"),
    ("qwen3moe-regular", "qwen3moe.expert_count", .uint32(0), "1 to 4096"),
    ("qwen3moe-regular", "qwen3moe.expert_used_count", .uint32(99), "qwen3moe.expert_used_count"),
    ("qwen3moe-regular", "qwen3moe.expert_feed_forward_length", .uint32(0), "expert_feed_forward_length"),
    ("qwen3moe-regular", "qwen3moe.expert_gating_func", .uint32(7), "1 (softmax) or 2 (sigmoid)"),
    ("qwen2moe-regular", "qwen2moe.expert_shared_feed_forward_length", .int32(-1), "expert_shared_feed"),
    ("deepseek-v3-regular", "deepseek2.expert_group_count", .uint32(5), "a divisor of the"),
    ("deepseek-v3-regular", "deepseek2.expert_group_used_count", .uint32(0), "expert_group_used_count"),
    ("deepseek-v3-regular", "deepseek2.expert_shared_count", .uint32(4096), "no error"),
    ("deepseek-v3-regular", "deepseek2.expert_weights_scale", .float32(.nan), "expert_weights_scale"),
    ("deepseek-v3-regular", "deepseek2.leading_dense_block_count", .int32(-1), "leading_dense_block_count"),
    ("deepseek-v3-regular", "deepseek2.attention.kv_lora_rank", .uint32(0), "attention.kv_lora_rank"),
    ("deepseek-v3-regular", "deepseek2.attention.key_length_mla", .uint32(0), "attention.key_length_mla"),
    ("deepseek-v3-regular", "deepseek2.attention.value_length_mla", nil, "attention.value_length_mla"),
    ("deepseek-v3-regular", "deepseek2.rope.dimension_count", .uint32(7), "an even number below"),
    ("deepseek-v3-regular", "deepseek2.rope.dimension_count", .uint32(1024), "an even number below"),
    ("minimax-regular", "minimax-01.attention.recurrent_layers", .uint32(1), "recurrent_layers"),
    ("minimax-regular", "minimax-01.residual_scale", .float32(.infinity), "residual_scale"),
  ]

  @Test("Keys of experts and of attention are refused outside their range", arguments: 0..<expertCases.count)
  func hostileExperts(index: Int) throws {
    let (model, key, value, expected) = Self.expertCases[index]
    let file = try TinyModel(model).edited([key: value])
    let text = message { _ = try ModelConfiguration(file) }
    #expect(text.contains(expected), "\(key): \(text)")
  }

  @Test("The vocabulary must agree with the embedding")
  func vocabulary() throws {
    let tiny = try TinyModel("llama-regular")
    let tokens = MetadataValue.array(MetadataArray(strings: ["a", "b"]))
    #expect(
      message { _ = try ModelConfiguration(try tiny.edited(["tokenizer.ggml.tokens": tokens])) }
        .contains("96 tokens, the rows of token_embd.weight"))
    #expect(
      message { _ = try ModelConfiguration(try tiny.edited(removing: ["token_embd.weight"])) }
        .contains("token_embd.weight: found no such tensor"))
  }
}
