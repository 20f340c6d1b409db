internal import Synchronization

/// A grammar over a vocabulary: what the matchers of all sequences share. Safe to use from several threads.
///
/// The masks of states are kept, in bounded memory: when that is used up, they are computed anew.
package final class GrammarMasks: Sendable {
  let tables: GrammarTables
  package let vocabulary: TokenVocabulary
  private let cache: Mutex<MaskCache>

  package init(_ grammar: Grammar, _ vocabulary: TokenVocabulary) {
    tables = grammar.tables
    self.vocabulary = vocabulary
    cache = Mutex(MaskCache(grammar.tables, vocabulary))
  }

  /// Sets `mask` to the tokens that may come next.
  func compute(_ parses: StackSet, into mask: inout TokenMask) throws(GrammarError) {
    mask.removeAll()
    let result = cache.withLock { cache in
      Result { () throws(GrammarError) in try cache.add(parses, to: &mask) }
    }
    try result.get()
    for (token, original) in vocabulary.trie.duplicates where mask.contains(Int(original)) {
      mask.insert(Int(token))
    }
    if parses.reachesBottom { for token in vocabulary.endTokens { mask.insert(token) } }
  }
}

/// The masks of one grammar over the vocabulary that they were last asked for.
final class SharedMasks: Sendable {
  private let last = Mutex<GrammarMasks?>(nil)

  func masks(_ grammar: Grammar, _ vocabulary: TokenVocabulary) -> GrammarMasks {
    last.withLock { last in
      if let last, last.vocabulary === vocabulary { return last }
      let masks = GrammarMasks(grammar, vocabulary)
      last = masks
      return masks
    }
  }
}
