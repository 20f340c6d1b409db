/// One sequence of tokens on its way through the engine. Touched on the engine's queue only.
package final class TokenSequence {
  /// Its number in the order of arrival.
  package let id: Int
  package let identity: Identity
  /// Higher ones go first.
  package let priority: Int
  /// Sequences with the same number have the same prompt: the first computes it, the others wait for it.
  package let promptGroup: Int?
  package let promptCount: Int
  /// Prompt and answer so far.
  package internal(set) var tokens: [Int32]
  /// Tokens whose keys and values are in the cache.
  package internal(set) var computed = 0
  package internal(set) var table: BlockTable
  /// Tokens that may follow, to be verified in the next pass.
  package var drafts: [Int32] = []
  /// How often it had to make room.
  package internal(set) var preemptionCount = 0
  /// Steps in which its prompt was passed over for others'.
  var passedOver = 0

  package init(
    id: Int, tokens: [Int32], identity: Identity, isShared: Bool = true, priority: Int = 0,
    promptGroup: Int? = nil
  ) {
    self.id = id
    self.tokens = tokens
    self.identity = identity
    self.priority = priority
    self.promptGroup = promptGroup
    promptCount = tokens.count
    table = BlockTable(identity: identity, isShared: isShared)
  }

  /// Tokens to compute before the next one can be chosen.
  package var pending: Int { tokens.count - computed }

  /// Whether the prompt is complete.
  var hasPrompt: Bool { computed >= promptCount }

  /// So few tokens are computed at once, whatever else there is: the next of an answer, or a text that was put in.
  private static let shortCount = 8

  /// Whether it goes into every pass: it answers, and what there is to compute is short.
  var answers: Bool { hasPrompt && pending <= Self.shortCount }

  /// Adds a token that was chosen, or put in.
  package func append(_ token: Int32) { tokens.append(token) }
}
