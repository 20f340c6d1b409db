internal import MinkeCheckpoints

/// Layers of linear attention among layers of softmax attention (arXiv:2501.08313): in place of keys and values they have a
/// state, whose size does not grow with the sequence.
public struct LinearAttentionConfiguration: Sendable, Hashable {
  /// Of each layer, whether its attention is linear.
  public var isLinear: [Bool]
  public var headCount: Int
  /// Elements of a query, of a key and of a value.
  public var headLength: Int

  /// Floats of one layer's state.
  var layerStateCount: Int { headCount * headLength * headLength }
  /// Floats that a sequence has of state.
  var stateCount: Int { isLinear.count { $0 } * layerStateCount }

  /// The layer's place among those of its kind.
  func place(of layer: Int) -> Int { isLinear[..<layer].count { $0 == isLinear[layer] } }
}

// MARK: Keys

extension HyperparameterReader {
  /// Which layers are linear: `attention.recurrent_layers`, or all but every `full_attention_interval`-th.
  func linearLayers(count: Int) throws(CheckpointError) -> [Bool] {
    if let layers = try metadata.bools(key("attention.recurrent_layers"), count: count) { return layers }
    let interval = try optionalInteger("full_attention_interval", in: Self.counts) ?? 8
    return (0..<count).map { !($0 + 1).isMultiple(of: interval) }
  }
}
