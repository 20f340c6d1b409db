internal import MinkeTensors

/// The decoder of the dense families: an embedding, pre-norm layers, an output head.
struct DenseDecoder {
  private let embedding: Embedding
  private let layers: [DecoderLayer]
  private let head: OutputHead

  /// - Parameter normalizesHeads: whether queries and keys have norms.
  init(
    _ configuration: ModelConfiguration, _ weights: inout WeightLoader, normalizesHeads: Bool = false
  ) throws {
    embedding = try weights.embedding(configuration)
    layers = try (0..<configuration.layerCount).map {
      try DecoderLayer($0, configuration, &weights, normalizesHeads: normalizesHeads)
    }
    head = try OutputHead(configuration, &weights)
  }

  func callAsFunction(_ pass: ForwardPass, worker: Worker) {
    // [rows] → [rows, hiddenSize]
    embedding(pass)
    for (index, layer) in layers.enumerated() {
      let next = index + 1 < layers.count ? layers[index + 1].attention.query : head.projection
      layer(pass, layer: index, next: next, worker: worker)
    }
    // [rows, hiddenSize] → [logitRows, vocabulary]
    head(pass, worker: worker)
  }
}
