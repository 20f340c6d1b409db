/// The hyper-parameters of a decoder-only transformer, as its checkpoint states them.
///
/// Every value has been checked against its range and against the others, so that code using a
/// configuration need not check again. Sizes are in elements unless said otherwise.
public struct ModelConfiguration: Sendable, Hashable {
  /// The family: `general.architecture`.
  public var architecture: String
  /// Rows of the embedding: the ids a token can have.
  public var vocabularySize: Int
  /// The longest sequence the model was made for, in tokens.
  public var contextLength: Int
  /// Width of the residual stream.
  public var hiddenSize: Int
  public var layerCount: Int
  /// Width of the gated feed-forward network.
  public var feedForwardSize: Int
  public var normEpsilon: Float
  public var attention: AttentionConfiguration
  /// Rotation in layers that see the whole context.
  public var rotary: RotaryEmbedding
  /// Rotation in layers that see a sliding window; equal to ``rotary`` where the family has one kind.
  public var localRotary: RotaryEmbedding
  /// What embeddings are multiplied by.
  public var embeddingScale: Float = 1
  /// Logits become cap·tanh(logit / cap).
  public var logitSoftCap: Float?
  /// Layers of the file behind ``layerCount`` that predict tokens further ahead, and are not used.
  public var draftLayerCount = 0
  /// Mixtures of experts; nil in dense models.
  public var experts: ExpertConfiguration?
  /// What heads are worked out from in latent attention; nil where attention is of another kind.
  public var latent: LatentAttentionConfiguration?
  /// Layers of linear attention; nil where there are none.
  public var linear: LinearAttentionConfiguration?
  /// Where the normalised input of a sublayer goes on beside its result; nil where the residual stream does.
  public var residualScales: ResidualScales?
  /// How embeddings of a text's tokens become one; nil where the checkpoint does not say.
  public var pooling: Pooling?
}

/// Grouped-query attention (arXiv:2305.13245).
public struct AttentionConfiguration: Sendable, Hashable {
  /// Query heads.
  public var headCount: Int
  /// Key and value heads; each serves `headCount / keyValueHeadCount` query heads.
  public var keyValueHeadCount: Int
  /// Elements of one query or key head.
  public var keyLength: Int
  /// Elements of one value head.
  public var valueLength: Int
  /// What query-key products are multiplied by before the softmax.
  public var scale: Float
  /// Attention logits become cap·tanh(logit / cap).
  public var softCap: Float?
  /// What queries and keys are normalised over before they are rotated.
  public var normalization = Normalization.none
  public var slidingWindow: SlidingWindow?

  public enum Normalization: Sendable, Hashable {
    case none
    /// Each head by itself.
    case head
    /// All heads of a row together.
    case row
  }

  /// Width of all queries together.
  public var queryWidth: Int { headCount * keyLength }
  /// Width of all keys together.
  public var keyWidth: Int { keyValueHeadCount * keyLength }
  /// Width of all values together.
  public var valueWidth: Int { keyValueHeadCount * valueLength }
  /// Width of what all heads produce together.
  public var outputWidth: Int { headCount * valueLength }
}

/// Layers that attend only to the last positions, mixed with layers that attend to all.
public struct SlidingWindow: Sendable, Hashable {
  /// Positions a local layer sees, the current one included.
  public var size: Int
  /// Every `pattern`-th layer sees everything, the others are local.
  public var pattern: Int

  package init(size: Int, pattern: Int) {
    self.size = size
    self.pattern = pattern
  }

  public func isLocal(layer: Int) -> Bool { !(layer + 1).isMultiple(of: pattern) }
}

extension ModelConfiguration {
  /// Whether `layer` (from 0) sees a sliding window only.
  public func isLocal(layer: Int) -> Bool {
    attention.slidingWindow?.isLocal(layer: layer) ?? false
  }
}
