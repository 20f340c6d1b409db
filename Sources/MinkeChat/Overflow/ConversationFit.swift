/// A conversation that was made to fit into a context by leaving out its oldest turns, and what was left out.
///
/// A turn is a message of the user and all that follows up to the next one, so that a tool's result goes with its call.
/// System messages stay, and so do the last message of the user and what follows it.
public struct ConversationFit: Sendable, Equatable {
  /// What is left, in order.
  public let messages: [Message]
  /// The places of the messages that were left out, in the conversation that was given.
  public let droppedIndices: [Int]
  /// Tokens of the prompt of ``messages``.
  public let tokens: Int
  /// How many tokens shorter the prompt has become.
  public let droppedTokens: Int
  /// Whether the prompt fits. If not, all that may be left out is, and ``tokens`` is still too many.
  public let fits: Bool

  /// Leaves out as few of the oldest turns as will do.
  ///
  /// - Parameters:
  ///   - limit: how many tokens the prompt may have.
  ///   - count: the number of tokens of the prompt of some messages, which should not grow when turns are left out. It is
  ///     called about log₂ of the number of turns times.
  public init<Failure: Error>(
    _ messages: [Message], limit: Int, count: ([Message]) throws(Failure) -> Int
  ) throws(Failure) {
    let turns = Self.oldTurns(messages)
    let total = try count(messages)
    /// The least number of turns known to do with its tokens, and the greatest known not to.
    var enough = (turns: 0, tokens: total)
    if total > limit, !turns.isEmpty {
      enough = (turns.count, try count(Self.kept(messages, without: turns[...])))
      var tooFew = 0
      while enough.tokens <= limit, enough.turns - tooFew > 1 {
        let middle = (enough.turns + tooFew) / 2
        let tokens = try count(Self.kept(messages, without: turns[..<middle]))
        if tokens <= limit { enough = (middle, tokens) } else { tooFew = middle }
      }
    }
    let dropped = turns[..<enough.turns]
    self.messages = Self.kept(messages, without: dropped)
    droppedIndices = dropped.flatMap { $0 }
    tokens = enough.tokens
    droppedTokens = total - enough.tokens
    fits = tokens <= limit
  }

  /// The turns before the last message of the user, as the places of their messages. What an assistant said before
  /// the first question is a turn too.
  private static func oldTurns(_ messages: [Message]) -> [[Int]] {
    guard let last = messages.lastIndex(where: { $0.role == .user }) else { return [] }
    var turns: [[Int]] = []
    for index in 0..<last where messages[index].role != .system {
      if messages[index].role == .user || turns.isEmpty { turns.append([]) }
      turns[turns.count - 1].append(index)
    }
    return turns
  }

  private static func kept(_ messages: [Message], without turns: ArraySlice<[Int]>) -> [Message] {
    let dropped = Set(turns.joined())
    return messages.indices.filter { !dropped.contains($0) }.map { messages[$0] }
  }
}
