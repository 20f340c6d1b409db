/// Why a sequence was not taken or did not go on.
package struct EngineError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Kind: Sendable, Equatable {
    /// As many sequences wait as may: try again later.
    case queueFull
    /// The sequence would not fit into the cache even if it were alone there.
    case memory
    /// A token outside the vocabulary, or no token at all.
    case tokens
    /// A draft model that cannot be kept in step with the model.
    case draft
    /// The engine has been shut down.
    case closed
  }

  package let kind: Kind
  package let subject: String
  package let found: String
  package let expected: String

  package init(_ kind: Kind, _ subject: String, found: String, expected: String) {
    self.kind = kind
    self.subject = subject
    self.found = found
    self.expected = expected
  }

  package var description: String { "\(subject): found \(found); expected \(expected)" }
}
