internal import Foundation
internal import MinkeCheckpoints

/// DeepSeek-V2, V2-Lite, V3 and R1 (arXiv:2405.04434, arXiv:2412.19437, arXiv:2501.12948): latent attention, and
/// mixtures of experts after some dense layers.
struct DeepSeek2: DecoderArchitecture {
  static let name = "deepseek2"

  let decoder: Decoder<LatentAttention>

  static func configuration(
    _ reader: HyperparameterReader, vocabularySize: Int
  ) throws(CheckpointError) -> ModelConfiguration {
    var (attention, latent) = try reader.latentAttention()
    var rotary = try reader.rotary(.interleaved, keyLength: attention.keyLength)
    if case .yarn(var scaling) = rotary.scaling {
      // Where files state a multiplier, the temperature is in the scale of scores, and not in the length of what is rotated.
      let name = "rope.scaling.yarn_log_multiplier"
      if let multiplier = try reader.optionalFloat(name, in: 0...10), multiplier > 0 {
        let temperature = multiplier * max(0, log(scaling.factor)) + 1
        attention.scale *= Float(temperature * temperature)
        scaling.attentionFactor /= scaling.temperature
        rotary.scaling = .yarn(scaling)
      }
    }
    var configuration = try reader.decoder(
      vocabularySize: vocabularySize, attention: attention, rotary: rotary)
    configuration.draftLayerCount = try reader.draftLayers(of: configuration.layerCount)
    configuration.layerCount -= configuration.draftLayerCount
    configuration.latent = latent
    configuration.experts = try reader.experts(score: .softmax, normalizes: false)
    return configuration
  }
}
