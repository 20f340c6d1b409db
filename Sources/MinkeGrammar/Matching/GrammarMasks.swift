internal import Synchronization

/// A grammar over a vocabulary: what the matchers of all sequences share.
///
/// The mask of a state in a rule does not depend on who called the rule, except for tokens that go on after
/// the rule's end (Dong et al., XGrammar, arXiv:2411.15100). So it is computed once a state, together with
/// the places in the trie at which the rule may end, from where the callers' states go on. Masks take
/// bounded memory: when that is used up, they are computed anew. Safe to use from several threads.
package final class GrammarMasks: Sendable {
  let tables: GrammarTables
  package let vocabulary: TokenVocabulary
  private let cache: Mutex<Cache>

  package init(_ grammar: Grammar, _ vocabulary: TokenVocabulary) {
    tables = grammar.tables
    self.vocabulary = vocabulary
    cache = Mutex(Cache(grammar.tables, vocabulary))
  }

  /// Sets `mask` to the tokens that may come next.
  func compute(_ set: StackSet, into mask: inout TokenMask) throws(GrammarError) {
    mask.removeAll()
    let result = cache.withLock { cache in
      Result { () throws(GrammarError) in try cache.add(set, to: &mask) }
    }
    try result.get()
    for (token, original) in vocabulary.trie.duplicates where mask.contains(Int(original)) {
      mask.insert(Int(token))
    }
    if set.reachesBottom { for token in vocabulary.endTokens { mask.insert(token) } }
  }
}

extension GrammarMasks {
  /// Masks by state, and what computing one takes.
  private struct Cache: ~Copyable {
    private struct StateMask {
      let mask: TokenMask
      let exits: TrieWalk.Exits
    }

    private let vocabulary: TokenVocabulary
    private var table: StackSetTable
    private var walk: TrieWalk
    private var masks: [UInt32: StateMask] = [:]
    private var bytes = 0

    init(_ tables: GrammarTables, _ vocabulary: TokenVocabulary) {
      self.vocabulary = vocabulary
      table = StackSetTable(tables)
      walk = TrieWalk(vocabulary.trie)
    }

    mutating func add(_ set: StackSet, to mask: inout TokenMask) throws(GrammarError) {
      if table.isFull { table = StackSetTable(table.tables) }
      var calls = GrammarLimits.callsPerMask
      for stack in set.stacks {
        let own = try stateMask(stack.state, &calls)
        mask.formUnion(own.mask)
        try goOn(own.exits, stack.caller, &calls, &mask)
      }
    }

    /// The tokens that fit from a state on until its rule ends, or go on after it.
    private mutating func stateMask(
      _ state: UInt32, _ calls: inout Int
    ) throws(GrammarError) -> StateMask {
      if let known = masks[state] { return known }
      var mask = TokenMask(count: vocabulary.count)
      var exits: TrieWalk.Exits = []
      let set = try table.number(ofState: state)
      try walk.run(
        vocabulary.trie, below: 0, set: set, &table, calls: &calls, mask: &mask, exits: &exits)
      let result = StateMask(mask: mask, exits: exits)
      let size = mask.words.count * 8 + exits.count * 4 + 64
      if bytes + size > GrammarLimits.maskBytes {
        masks.removeAll()
        bytes = 0
      }
      masks[state] = result
      bytes += size
      return result
    }

    /// Follows tokens that leave a rule, in the rules that called it.
    private mutating func goOn(
      _ exits: TrieWalk.Exits, _ caller: StackFrame?, _ calls: inout Int, _ mask: inout TokenMask
    ) throws(GrammarError) {
      var nodes = exits
      var caller = caller
      while let frame = caller, !nodes.isEmpty {
        let set = try table.number(ofState: frame.state)
        // Where the caller may end as well, its caller goes on from the same nodes.
        var left: TrieWalk.Exits = table.reachesBottom[Int(set)] ? nodes : []
        for node in nodes {
          try walk.run(
            vocabulary.trie, below: node, set: set, &table, calls: &calls, mask: &mask, exits: &left)
        }
        nodes = left
        caller = frame.caller
      }
    }
  }
}
