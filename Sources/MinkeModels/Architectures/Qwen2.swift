internal import MinkeCheckpoints

/// Qwen2 and Qwen2.5 (arXiv:2407.10671, arXiv:2412.15115), and with them DeepSeek-R1-Distill-Qwen: Llama's
/// layer with biases on queries, keys and values.
struct Qwen2: DecoderArchitecture {
  static let name = "qwen2"

  let decoder: Decoder<Attention>

  static func configuration(
    _ reader: HyperparameterReader, vocabularySize: Int
  ) throws(CheckpointError) -> ModelConfiguration {
    try reader.denseDecoder(vocabularySize: vocabularySize, layout: .halves)
  }
}
