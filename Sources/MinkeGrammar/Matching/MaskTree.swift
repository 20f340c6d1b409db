/// Which tokens fit in a state, as far as is known without knowing who called its rule, and, by who did, what
/// else fits.
///
/// The tokens that stay in a rule are the same whoever called it (the context-independent tokens of Dong et al.,
/// XGrammar, arXiv:2411.15100). The others leave it at some nodes of the trie, from where the caller's state
/// goes on: that depends on this state alone, so it is a node below, found by the caller's state.
final class MaskTree {
  /// The tokens that fit: as a mask if there are many, otherwise one by one.
  private let mask: TokenMask?
  private let tokens: [Int32]
  /// Where the tokens leave the rule.
  let exits: TrieWalk.Exits
  var callers: [UInt32: MaskTree] = [:]

  init(_ found: TokenMask, exits: TrieWalk.Exits) {
    self.exits = exits
    if found.allowedCount > found.words.count {
      mask = found
      tokens = []
    } else {
      mask = nil
      tokens = found.tokens.map { Int32(truncatingIfNeeded: $0) }
    }
  }

  /// The memory that it takes, about.
  var bytes: Int { (mask?.words.count ?? 0) * 8 + tokens.count * 4 + exits.count * 4 + 128 }

  func add(to result: inout TokenMask) {
    if let mask { result.formUnion(mask) }
    for token in tokens { result.insert(Int(token)) }
  }
}
