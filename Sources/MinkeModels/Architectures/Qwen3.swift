internal import MinkeCheckpoints

/// Qwen3, dense (arXiv:2505.09388): no biases, a norm of each query and key head, and heads whose width is
/// independent of the residual stream's.
struct Qwen3: DecoderArchitecture {
  static let name = "qwen3"

  let decoder: Decoder<Attention>

  static func configuration(
    _ reader: HyperparameterReader, vocabularySize: Int
  ) throws(CheckpointError) -> ModelConfiguration {
    var configuration = try reader.denseDecoder(vocabularySize: vocabularySize, layout: .halves)
    configuration.attention.normalization = .head
    return configuration
  }
}
