internal import MinkeCheckpoints

/// How a model's checkpoint wants the embeddings of a text's tokens made into one: `pooling_type`.
public enum Pooling: Int, Sendable, Hashable, CaseIterable {
  /// Not at all.
  case none = 0
  case mean = 1
  /// The first token's.
  case first = 2
  /// The last token's.
  case last = 3
  /// A score of the text, by a matrix that the model has for it.
  case rank = 4
}

extension HyperparameterReader {
  /// Nil where the checkpoint says nothing.
  func pooling() throws(CheckpointError) -> Pooling? {
    try optionalInteger("pooling_type", in: 0...4).flatMap { Pooling(rawValue: $0) }
  }
}
