/// A sequence to be continued.
package struct EngineRequest: Sendable {
  package var tokens: [Int32]
  package var identity: Identity
  /// Higher ones go first; from −1,000,000 to 1,000,000.
  package var priority: Int
  /// Requests with the same number have the same prompt, which is computed once.
  package var promptGroup: Int?
  /// Whether tokens are guessed from the sequence's own text and verified, several in a pass. It changes no token.
  package var speculates: Bool

  package init(
    _ tokens: [Int32], identity: Identity = .local, priority: Int = 0, promptGroup: Int? = nil,
    speculates: Bool = true
  ) {
    self.tokens = tokens
    self.identity = identity
    self.priority = min(max(priority, -1_000_000), 1_000_000)
    self.promptGroup = promptGroup
    self.speculates = speculates
  }
}

/// What a sequence is known by.
package struct EngineTicket: Hashable, Sendable {
  let number: Int
}
