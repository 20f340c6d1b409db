internal import MinkeTensors

/// The layer that most families share: attention and feed-forward network, each on a norm of the residual
/// stream and added to it ("pre-norm").
struct DecoderLayer {
  let attentionNorm: RMSNorm
  let attention: Attention
  let feedForwardNorm: RMSNorm
  let feedForward: FeedForward

  /// The weights of layer `index`.
  ///
  /// - Parameter normalizesHeads: whether queries and keys have norms.
  init(
    _ index: Int, _ configuration: ModelConfiguration, _ weights: inout WeightLoader, normalizesHeads: Bool
  ) throws {
    let prefix = "blk.\(index)."
    let width = configuration.hiddenSize
    attentionNorm = try weights.norm(prefix + "attn_norm", width: width, configuration)
    attention = try Attention(
      index, configuration, &weights, prefix: prefix, normalizesHeads: normalizesHeads)
    feedForwardNorm = try weights.norm(prefix + "ffn_norm", width: width, configuration)
    feedForward = try FeedForward(configuration, &weights, prefix: prefix, activation: .silu)
  }
}

extension DecoderLayer {
  /// Adds both branches to the residual stream.
  ///
  /// - Parameters:
  ///   - index: the layer's place in the caches.
  ///   - next: the product that follows the layer.
  func callAsFunction(_ pass: ForwardPass, layer index: Int, next: Linear, worker: Worker) {
    // x ← x + attention(norm(x)), [rows, hiddenSize]
    attentionNorm(pass, quantized: attention.readsQuantized)
    attention(pass, layer: index, next: feedForward.gate, worker: worker)
    pass.addBranch()
    // x ← x + feedForward(norm(x)), [rows, hiddenSize]
    feedForwardNorm(pass, quantized: feedForward.readsQuantized)
    feedForward(pass, layer: index, next: next, worker: worker)
    pass.addBranch()
  }
}

// MARK: Weights by name

extension Attention {
  init(
    _ layer: Int, _ configuration: ModelConfiguration, _ weights: inout WeightLoader, prefix: String,
    normalizesHeads: Bool
  ) throws {
    let shape = configuration.attention
    let width = configuration.hiddenSize
    isLocal = configuration.isLocal(layer: layer)
    query = try weights.linear(prefix + "attn_q", inputs: width, outputs: shape.queryWidth)
    key = try weights.linear(prefix + "attn_k", inputs: width, outputs: shape.keyWidth)
    value = try weights.linear(prefix + "attn_v", inputs: width, outputs: shape.keyWidth)
    output = try weights.linear(prefix + "attn_output", inputs: shape.queryWidth, outputs: width)
    if normalizesHeads {
      queryNorm = try weights.norm(prefix + "attn_q_norm", width: shape.keyLength, configuration)
      keyNorm = try weights.norm(prefix + "attn_k_norm", width: shape.keyLength, configuration)
    } else {
      queryNorm = nil
      keyNorm = nil
    }
    keyLength = shape.keyLength
    parameters = AttentionParameters(
      headCount: shape.headCount, scale: shape.scale, softCap: shape.softCap,
      window: isLocal ? shape.slidingWindow?.size : nil)
  }
}

extension FeedForward {
  init(
    _ configuration: ModelConfiguration, _ weights: inout WeightLoader, prefix: String,
    activation: GateActivation
  ) throws {
    let (width, inner) = (configuration.hiddenSize, configuration.feedForwardSize)
    gate = try weights.linear(prefix + "ffn_gate", inputs: width, outputs: inner)
    up = try weights.linear(prefix + "ffn_up", inputs: width, outputs: inner)
    down = try weights.linear(prefix + "ffn_down", inputs: inner, outputs: width)
    self.activation = activation
  }
}

extension OutputHead {
  init(_ configuration: ModelConfiguration, _ weights: inout WeightLoader) throws {
    norm = try weights.norm("output_norm", width: configuration.hiddenSize, configuration)
    projection = try weights.outputProjection(configuration)
    softCap = configuration.logitSoftCap
  }
}
