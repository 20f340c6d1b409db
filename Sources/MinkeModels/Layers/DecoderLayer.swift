internal import MinkeTensors

/// The layer that most families share: attention and feed-forward network, each on a norm of the residual
/// stream and added to it ("pre-norm").
struct DecoderLayer<Mixer: SequenceMixer> {
  let attentionNorm: RMSNorm
  let attention: Mixer
  let feedForwardNorm: RMSNorm
  let feedForward: FeedForwardLayer

  /// The weights of layer `index`.
  init(_ index: Int, _ configuration: ModelConfiguration, _ weights: inout WeightLoader) throws {
    let prefix = "blk.\(index)."
    let width = configuration.hiddenSize
    attentionNorm = try weights.norm(prefix + "attn_norm", width: width)
    attention = try Mixer(index, configuration, &weights, prefix: prefix)
    feedForwardNorm = try weights.norm(prefix + "ffn_norm", width: width)
    feedForward = try FeedForwardLayer(index, configuration, &weights, prefix: prefix)
  }
}

extension DecoderLayer {
  /// Adds both branches to the residual stream.
  ///
  /// - Parameters:
  ///   - index: the layer's place in the model.
  ///   - next: the product that follows the layer.
  func callAsFunction(_ pass: ForwardPass, layer index: Int, next: Linear, worker: Worker) {
    // x ← x + attention(norm(x)), [rows, hiddenSize]
    attentionNorm(pass, quantized: attention.readsQuantized)
    attention(pass, layer: index, next: feedForward.first, worker: worker)
    pass.addBranch()
    // x ← x + feedForward(norm(x)), [rows, hiddenSize]
    feedForwardNorm(pass, quantized: feedForward.readsQuantized)
    feedForward(pass, layer: index, next: next, worker: worker)
    pass.addBranch()
  }
}
