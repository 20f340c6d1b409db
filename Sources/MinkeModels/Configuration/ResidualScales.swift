internal import MinkeCheckpoints

/// What a sublayer's normalised input and its result are multiplied by before they are added (MiniMax-Text-01,
/// arXiv:2501.08313).
public struct ResidualScales: Sendable, Hashable {
  public struct Pair: Sendable, Hashable {
    public var input: Float
    public var result: Float
  }

  /// Of layers of softmax attention.
  public var full: Pair
  /// Of layers of linear attention.
  public var linear: Pair
  public var feedForward: Pair
}

// MARK: Keys

extension HyperparameterReader {
  /// `residual_scale` is that of all inputs; keys of its own say where a model has others.
  func residualScales() throws(CheckpointError) -> ResidualScales {
    let range = -1e6...1e6
    let common = try optionalFloat("residual_scale", in: range) ?? 1
    func pair(_ name: String) throws(CheckpointError) -> ResidualScales.Pair {
      ResidualScales.Pair(
        input: Float(try optionalFloat("residual.\(name)_alpha", in: range) ?? common),
        result: Float(try optionalFloat("residual.\(name)_beta", in: range) ?? 1))
    }
    return ResidualScales(
      full: try pair("full_attention"), linear: try pair("linear_attention"),
      feedForward: try pair("feed_forward"))
  }
}
