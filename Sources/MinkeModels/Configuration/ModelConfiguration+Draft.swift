internal import MinkeCheckpoints

extension ModelConfiguration {
  /// Whether a tensor belongs to a layer that predicts tokens further ahead (multi-token prediction, arXiv:2412.19437).
  ///
  /// Such layers follow the model's own; nothing that is computed for the next token needs them.
  func isOfDraft(_ tensor: String) -> Bool {
    guard draftLayerCount > 0, tensor.hasPrefix("blk.") else { return false }
    let number = tensor.dropFirst(4).prefix { $0 != "." }
    guard let layer = Int(number) else { return false }
    return (layerCount..<layerCount + draftLayerCount).contains(layer)
  }
}

// MARK: Keys

extension HyperparameterReader {
  /// How many of the layers that are counted predict tokens further ahead.
  func draftLayers(of count: Int) throws(CheckpointError) -> Int {
    let name = "nextn_predict_layers"
    let layers = try optionalInteger(name, in: 0...Self.counts.upperBound) ?? 0
    guard layers < count else { throw invalid(name, expected: "fewer than the \(count) layers of the file") }
    return layers
  }
}
