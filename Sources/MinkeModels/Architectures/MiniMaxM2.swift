internal import MinkeCheckpoints

/// MiniMax-M2: grouped-query attention with norms of all queries and of all keys of a row, heads rotated in part, and
/// mixtures of experts chosen by sigmoids with a bias.
struct MiniMaxM2: DecoderArchitecture {
  static let name = "minimax-m2"

  let decoder: Decoder<Attention>

  static func configuration(
    _ reader: HyperparameterReader, vocabularySize: Int
  ) throws(CheckpointError) -> ModelConfiguration {
    var configuration = try reader.decoder(vocabularySize: vocabularySize, layout: .halves)
    configuration.attention.normalization = .row
    configuration.experts = try reader.requiredExperts(score: .sigmoid, normalizes: true)
    return configuration
  }
}
