/// Why a model refuses a request: what was asked, what is possible.
///
/// What is wrong with a checkpoint (an unknown architecture, a hyper-parameter, a tensor) is a
/// `CheckpointError`, which names file and key or tensor.
public struct ModelError: Error, Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// A token id that the vocabulary does not have.
    case token
    /// More rows, or more rows with logits, than the workspace was made for.
    case workspace
    /// More positions than a sequence's cache holds, or a cache of another model.
    case cache
    /// A size that no memory could hold, or that the system did not give.
    case memory
  }

  public let kind: Kind
  /// What of the request is meant, such as "rows of a batch".
  public let subject: String
  public let found: String
  public let expected: String

  package init(_ kind: Kind, _ subject: String, found: String, expected: String) {
    self.kind = kind
    self.subject = subject
    self.found = found
    self.expected = expected
  }
}

extension ModelError: CustomStringConvertible {
  public var description: String { "\(subject): found \(found), expected \(expected)" }
}
