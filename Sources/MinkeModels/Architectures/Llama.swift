internal import MinkeCheckpoints

/// Llama (arXiv:2302.13971, arXiv:2407.21783) and what is built like it: Mistral, SmolLM2, DeepSeek LLM, and with mixtures
/// of experts Mixtral (arXiv:2401.04088).
///
/// GGUF stores the rows of Q and K such that the pairs that RoPE rotates lie side by side.
struct Llama: DecoderArchitecture {
  static let name = "llama"

  let decoder: Decoder<Attention>

  static func configuration(
    _ reader: HyperparameterReader, vocabularySize: Int
  ) throws(CheckpointError) -> ModelConfiguration {
    var configuration = try reader.decoder(vocabularySize: vocabularySize, layout: .interleaved)
    configuration.experts = try reader.experts(
      score: .softmax, normalizes: true, defaultSize: configuration.feedForwardSize)
    return configuration
  }
}
