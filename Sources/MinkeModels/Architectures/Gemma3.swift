internal import MinkeCheckpoints
internal import MinkeTensors

/// Gemma 3, text (arXiv:2503.19786): scaled embeddings, norms before and after each sublayer, a norm of
/// each query and key head, and of every six layers five that see a sliding window, with a rotary base of
/// their own.
struct Gemma3: Architecture {
  static let name = "gemma3"

  struct Layer {
    let attentionNorm: RMSNorm
    let attention: Attention
    let postAttentionNorm: RMSNorm
    let feedForwardNorm: RMSNorm
    let feedForward: FeedForward
    let postFeedForwardNorm: RMSNorm
  }

  let embedding: Embedding
  let layers: [Layer]
  let head: OutputHead

  static func configuration(
    _ reader: HyperparameterReader, vocabularySize: Int
  ) throws(CheckpointError) -> ModelConfiguration {
    var configuration = try reader.denseDecoder(vocabularySize: vocabularySize, layout: .halves)
    configuration.embeddingScale = Float(configuration.hiddenSize).squareRoot()
    configuration.logitSoftCap = try reader.optionalFloat("final_logit_softcapping").map { Float($0) }
    configuration.attention.softCap = try reader.optionalFloat("attn_logit_softcapping").map { Float($0) }
    configuration.attention.normalization = .head
    configuration.attention.slidingWindow = SlidingWindow(
      size: try reader.integer("attention.sliding_window", in: HyperparameterReader.contexts),
      pattern: try reader.optionalInteger(
        "attention.sliding_window_pattern", in: HyperparameterReader.counts) ?? 6)
    // Local layers are not stretched: their window lies within the context of pre-training.
    configuration.localRotary = RotaryEmbedding(
      dimensions: configuration.rotary.dimensions, base: try reader.base("rope.freq_base_swa") ?? 10_000,
      layout: .halves, scaling: .none)
    // Files do not always state the scale. The 27B model, alone in having 62 layers, divides queries by
    // the square root of hiddenSize / heads, the others by that of the head's length.
    if configuration.layerCount == 62, try reader.optionalFloat("attention.scale") == nil {
      let width = Float(configuration.hiddenSize) / Float(configuration.attention.headCount)
      configuration.attention.scale = 1 / width.squareRoot()
    }
    return configuration
  }

  init(_ configuration: ModelConfiguration, _ weights: inout WeightLoader) throws {
    let width = configuration.hiddenSize
    embedding = try weights.embedding()
    layers = try (0..<configuration.layerCount).map { index in
      let prefix = "blk.\(index)."
      return Layer(
        attentionNorm: try weights.norm(prefix + "attn_norm", width: width),
        attention: try Attention(index, configuration, &weights, prefix: prefix),
        postAttentionNorm: try weights.norm(prefix + "post_attention_norm", width: width),
        feedForwardNorm: try weights.norm(prefix + "ffn_norm", width: width),
        feedForward: try FeedForward(configuration, &weights, prefix: prefix, activation: .gelu),
        postFeedForwardNorm: try weights.norm(prefix + "post_ffw_norm", width: width))
    }
    head = try OutputHead(configuration, &weights)
  }

  func forward(_ pass: ForwardPass, worker: Worker) {
    // [rows] → [rows, hiddenSize]
    embedding(pass)
    for (index, layer) in layers.enumerated() {
      let next = index + 1 < layers.count ? layers[index + 1].attention.query : head.projection
      // x ← x + norm(attention(norm(x))), [rows, hiddenSize]
      layer.attentionNorm(pass, quantized: layer.attention.readsQuantized)
      layer.attention(pass, layer: index, next: layer.feedForward.gate, worker: worker)
      layer.postAttentionNorm.addBranch(pass)
      // x ← x + norm(feedForward(norm(x))), [rows, hiddenSize]
      layer.feedForwardNorm(pass, quantized: layer.feedForward.readsQuantized)
      layer.feedForward(pass, layer: index, next: next, worker: worker)
      layer.postFeedForwardNorm.addBranch(pass)
    }
    // [rows, hiddenSize] → [logitRows, vocabulary]
    head(pass, worker: worker)
  }
}
