/// What is wrong with a grammar, or with what it takes to match one.
public struct GrammarError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Where: a line and column of a grammar or a regular expression, a JSON pointer into a schema such as
  /// `#/properties/age/not` (its last part is the keyword at fault), or a stage such as `matching`.
  public let place: String
  /// What was found.
  public let found: String
  /// What would have been accepted.
  public let expected: String

  public init(at place: String, found: String, expected: String) {
    self.place = place
    self.found = found
    self.expected = expected
  }

  public var description: String { "\(place): found \(found); expected \(expected)" }
}
