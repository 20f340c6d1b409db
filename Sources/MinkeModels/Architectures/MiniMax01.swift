internal import MinkeCheckpoints
internal import MinkeTensors

/// MiniMax-Text-01 and MiniMax-M1 (arXiv:2501.08313, arXiv:2506.13585): layers of lightning attention with one of softmax
/// attention among some, each followed by a mixture of experts; what goes on beside a sublayer is its normalised input.
struct MiniMax01: Architecture {
  static let name = "minimax-01"

  enum Mixer {
    case full(Attention)
    case linear(LightningAttention)

    var first: Linear {
      switch self {
      case .full(let attention): attention.first
      case .linear(let attention): attention.heads
      }
    }

    var readsQuantized: Bool {
      switch self {
      case .full(let attention): attention.readsQuantized
      case .linear(let attention): attention.readsQuantized
      }
    }

    func callAsFunction(_ pass: ForwardPass, layer: Int, next: Linear, worker: Worker) {
      switch self {
      case .full(let attention): attention(pass, layer: layer, next: next, worker: worker)
      case .linear(let attention): attention(pass, layer: layer, next: next, worker: worker)
      }
    }
  }

  struct Layer {
    let attentionNorm: RMSNorm
    let mixer: Mixer
    let attentionResidual: ResidualScales.Pair
    let feedForwardNorm: RMSNorm
    let feedForward: FeedForwardLayer
  }

  private let embedding: Embedding
  private let layers: [Layer]
  private let head: OutputHead
  private let feedForwardResidual: ResidualScales.Pair
  /// Of all layers.
  private let decays: Arena

  static func configuration(
    _ reader: HyperparameterReader, vocabularySize: Int
  ) throws(CheckpointError) -> ModelConfiguration {
    var configuration = try reader.decoder(vocabularySize: vocabularySize, layout: .halves)
    let attention = configuration.attention
    configuration.linear = LinearAttentionConfiguration(
      isLinear: try reader.linearLayers(count: configuration.layerCount), headCount: attention.headCount,
      headLength: attention.keyLength)
    configuration.experts = try reader.requiredExperts(
      score: .softmax, normalizes: true, defaultSize: configuration.feedForwardSize)
    configuration.residualScales = try reader.residualScales()
    return configuration
  }

  init(_ configuration: ModelConfiguration, _ weights: inout WeightLoader) throws {
    guard let linear = configuration.linear, let scales = configuration.residualScales else {
      preconditionFailure("the family has both")
    }
    let (width, count) = (configuration.hiddenSize, configuration.layerCount)
    let headCount = linear.headCount
    let decays = try Arena(
      byteCount: count * (headCount * MemoryLayout<Float>.stride + Arena.alignment), for: "decays")
    embedding = try weights.embedding()
    layers = try (0..<count).map { index in
      let prefix = "blk.\(index)."
      let attentionNorm = try weights.norm(prefix + "attn_norm", width: width)
      let mixer: Mixer
      if linear.isLinear[index] {
        let table = unsafe try decays.allocate(Float.self, count: headCount)
        let values = LightningAttention.decays(layer: index, layerCount: count, headCount: headCount)
        for (head, value) in values.enumerated() { unsafe table[head] = value }
        mixer = .linear(
          unsafe try LightningAttention(
            index, configuration, linear, &weights, prefix: prefix, decays: UnsafePointer(table)))
      } else {
        mixer = .full(try Attention(index, configuration, &weights, prefix: prefix))
      }
      return Layer(
        attentionNorm: attentionNorm, mixer: mixer,
        attentionResidual: linear.isLinear[index] ? scales.linear : scales.full,
        feedForwardNorm: try weights.norm(prefix + "ffn_norm", width: width),
        feedForward: try FeedForwardLayer(index, configuration, &weights, prefix: prefix))
    }
    head = try OutputHead(configuration, &weights)
    feedForwardResidual = scales.feedForward
    self.decays = decays
  }

  func forward(_ pass: ForwardPass, worker: Worker) {
    // [rows] → [rows, hiddenSize]
    embedding(pass)
    for (index, layer) in layers.enumerated() {
      let next = index + 1 < layers.count ? layers[index + 1].mixer.first : head.projection
      // h = norm(x); x ← α·h + β·attention(h), [rows, hiddenSize]
      layer.attentionNorm(pass, quantized: layer.mixer.readsQuantized)
      layer.mixer(pass, layer: index, next: layer.feedForward.first, worker: worker)
      pass.blendBranch(layer.attentionResidual)
      // h = norm(x); x ← α·h + β·feedForward(h), [rows, hiddenSize]
      layer.feedForwardNorm(pass, quantized: layer.feedForward.readsQuantized)
      layer.feedForward(pass, layer: index, next: next, worker: worker)
      pass.blendBranch(feedForwardResidual)
    }
    // [rows, hiddenSize] → [logitRows, vocabulary]
    head(pass, worker: worker)
  }
}
