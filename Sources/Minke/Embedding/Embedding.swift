/// A text as a vector: texts that mean the same lie near each other, as far as the model was trained for that.
public struct Embedding: Sendable, Equatable {
  /// As long as the model's hidden size.
  public var vector: [Float]
  /// Tokens of the text, those included that the model wants around it.
  public var tokenCount: Int
}

/// How the vectors of a text's tokens become one.
public enum EmbeddingPooling: String, Sendable, Codable, CaseIterable {
  case mean
  /// The last token's: the one that has seen all others.
  case last
  /// The first token's, for models that were trained with one in front.
  case cls
}
