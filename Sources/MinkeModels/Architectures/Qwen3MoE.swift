internal import MinkeCheckpoints

/// Qwen3 with mixtures of experts (arXiv:2505.09388).
struct Qwen3MoE: DecoderArchitecture {
  static let name = "qwen3moe"

  let decoder: Decoder<Attention>

  static func configuration(
    _ reader: HyperparameterReader, vocabularySize: Int
  ) throws(CheckpointError) -> ModelConfiguration {
    var configuration = try reader.decoder(vocabularySize: vocabularySize, layout: .halves)
    configuration.attention.normalization = .head
    configuration.experts = try reader.requiredExperts(score: .softmax, normalizes: true)
    return configuration
  }
}
