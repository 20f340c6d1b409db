internal import MinkeCheckpoints
internal import MinkeTensors

/// Llama (arXiv:2302.13971, arXiv:2407.21783) and what is built like it: Mistral, SmolLM2, DeepSeek LLM, and with mixtures
/// of experts Mixtral (arXiv:2401.04088).
///
/// GGUF stores the rows of Q and K such that the pairs that RoPE rotates lie side by side.
struct Llama: Architecture {
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

  init(_ configuration: ModelConfiguration, _ weights: inout WeightLoader) throws {
    decoder = try Decoder(configuration, &weights)
  }

  func forward(_ pass: ForwardPass, worker: Worker) { decoder(pass, worker: worker) }
}
