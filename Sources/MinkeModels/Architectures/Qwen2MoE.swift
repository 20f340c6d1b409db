internal import MinkeCheckpoints

/// Qwen1.5-MoE and Qwen2-MoE (arXiv:2407.10671): Qwen2's attention, and mixtures of experts with a shared network that has
/// a gate of its own.
struct Qwen2MoE: DecoderArchitecture {
  static let name = "qwen2moe"

  let decoder: Decoder<Attention>

  static func configuration(
    _ reader: HyperparameterReader, vocabularySize: Int
  ) throws(CheckpointError) -> ModelConfiguration {
    var configuration = try reader.decoder(vocabularySize: vocabularySize, layout: .halves)
    configuration.experts = try reader.requiredExperts(score: .softmax, normalizes: false)
    return configuration
  }
}
