internal import MinkeTensors

/// The decoder of most families: an embedding, pre-norm layers, an output head.
struct Decoder<Mixer: SequenceMixer> {
  private let embedding: Embedding
  private let layers: [DecoderLayer<Mixer>]
  private let head: OutputHead

  init(_ configuration: ModelConfiguration, _ weights: inout WeightLoader) throws {
    embedding = try weights.embedding()
    layers = try (0..<configuration.layerCount).map { try DecoderLayer($0, configuration, &weights) }
    head = try OutputHead(configuration, &weights)
  }

  func callAsFunction(_ pass: ForwardPass, worker: Worker) {
    // [rows] → [rows, hiddenSize]
    embedding(pass)
    for (index, layer) in layers.enumerated() {
      let next = index + 1 < layers.count ? layers[index + 1].attention.first : head.projection
      layer(pass, layer: index, next: next, worker: worker)
    }
    // [rows, hiddenSize] → [logitRows, vocabulary]
    head(pass, worker: worker)
  }
}
