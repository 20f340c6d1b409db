internal import MinkeCheckpoints

/// Why keys and values, or a conversation, were not saved or not restored. One line that a hostile file cannot break.
package struct SavedFileError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Kind: Sendable, Equatable {
    /// It cannot be opened or read.
    case unreadable
    /// It is of another format, or of a later version of this one.
    case foreign
    /// It breaks a rule of its format, or a checksum is wrong.
    case damaged
    /// Another model's, or of another type of cache.
    case mismatch
    /// The model keeps no blocks that could be saved.
    case unsupported
  }

  package let kind: Kind
  package let path: String
  package let found: String
  package let expected: String
  package let remedy: String?

  package init(_ kind: Kind, _ path: String, found: String, expected: String, remedy: String? = nil) {
    self.kind = kind
    self.path = path
    self.found = found
    self.expected = expected
    self.remedy = remedy
  }

  package var description: String {
    "\(printable(path, limit: 400)): found \(printable(found, limit: 200)), expected \(printable(expected, limit: 200))"
      + (remedy.map { "; " + $0 } ?? "")
  }
}
