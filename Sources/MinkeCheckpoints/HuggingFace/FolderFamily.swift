/// A family of models as published in Hugging Face folders: what `config.json` calls it, and which GGUF tensor each of
/// its tensors is.
enum FolderFamily: String, CaseIterable, Sendable {
  case llama, qwen2, qwen3, gemma3
  case mixtral, qwen2moe, qwen3moe, deepseekV2, deepseekV3, minimax01, minimaxM2

  /// `general.architecture`.
  var architecture: String {
    switch self {
    case .mixtral: "llama"
    case .deepseekV2, .deepseekV3: "deepseek2"
    case .minimax01: "minimax-01"
    case .minimaxM2: "minimax-m2"
    default: rawValue
    }
  }

  /// The classes in `architectures`.
  var classes: [String] {
    switch self {
    case .llama: ["LlamaForCausalLM", "MistralForCausalLM"]
    case .qwen2: ["Qwen2ForCausalLM"]
    case .qwen3: ["Qwen3ForCausalLM"]
    // The model that also sees has the same text model within.
    case .gemma3: ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"]
    case .mixtral: ["MixtralForCausalLM"]
    case .qwen2moe: ["Qwen2MoeForCausalLM"]
    case .qwen3moe: ["Qwen3MoeForCausalLM"]
    case .deepseekV2: ["DeepseekV2ForCausalLM"]
    case .deepseekV3: ["DeepseekV3ForCausalLM"]
    case .minimax01: ["MiniMaxForCausalLM", "MiniMaxText01ForCausalLM", "MiniMaxM1ForCausalLM"]
    case .minimaxM2: ["MiniMaxM2ForCausalLM"]
    }
  }

  /// The names in `model_type`, for folders that do not name a class.
  private var modelTypes: [String] {
    switch self {
    case .llama: ["llama", "mistral"]
    case .qwen2: ["qwen2"]
    case .qwen3: ["qwen3"]
    case .gemma3: ["gemma3_text", "gemma3"]
    case .mixtral: ["mixtral"]
    case .qwen2moe: ["qwen2_moe"]
    case .qwen3moe: ["qwen3_moe"]
    case .deepseekV2: ["deepseek_v2"]
    case .deepseekV3: ["deepseek_v3"]
    case .minimax01: ["minimax", "minimax_text_01", "minimax_m1"]
    case .minimaxM2: ["minimax_m2"]
    }
  }

  /// Whether GGUF has the pairs of queries and keys that RoPE rotates side by side, and the folder has not.
  var bringsPairsTogether: Bool { self == .llama || self == .mixtral }

  /// Whether keys and values are made from a latent (DeepSeek-V2, arXiv:2405.04434).
  var isLatent: Bool { self == .deepseekV2 || self == .deepseekV3 }

  var hasExperts: Bool {
    switch self {
    case .llama, .qwen2, .qwen3, .gemma3: false
    case .mixtral, .qwen2moe, .qwen3moe, .deepseekV2, .deepseekV3, .minimax01, .minimaxM2: true
    }
  }

  /// What GGUF adds to the weights of norms.
  var normShift: Float { self == .gemma3 ? 1 : 0 }

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
