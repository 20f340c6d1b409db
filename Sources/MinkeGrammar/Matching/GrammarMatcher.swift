/// Follows one text through a grammar, token by token.
///
/// A value: a copy, which is cheap, goes its own way, as speculation and forks of a sequence do.
///
/// ```swift
/// var matcher = try GrammarMatcher(GrammarMasks(grammar, vocabulary))
/// try matcher.mask(into: &mask)
/// mask.apply(to: &logits)
/// try matcher.accept(token)
/// ```
package struct GrammarMatcher: Sendable {
  package let masks: GrammarMasks
  private var parses: StackSet
  /// Whether an end token was accepted; nothing may follow it.
  package private(set) var isFinished = false

  package init(_ masks: GrammarMasks) throws(GrammarError) {
    self.masks = masks
    parses = try StackSet(masks.tables.root, masks.tables)
  }

  /// Whether the text so far is whole.
  package var canEnd: Bool { parses.reachesBottom }

  /// Takes a token, if it is allowed; otherwise nothing changes.
  ///
  /// - Throws: if the grammar leaves too much open to follow.
  @discardableResult
  package mutating func accept(_ token: Int) throws(GrammarError) -> Bool {
    guard !isFinished, masks.vocabulary.tokens.indices.contains(token) else { return false }
    if masks.vocabulary.endTokens.contains(token) {
      isFinished = canEnd
      return canEnd
    }
    guard let bytes = masks.vocabulary.tokens[token] else { return false }
    return try accept(bytes)
  }

  /// Takes bytes, if all of them are allowed; otherwise nothing changes.
  ///
  /// - Throws: if the grammar leaves too much open to follow.
  @discardableResult
  package mutating func accept(_ bytes: some Sequence<UInt8>) throws(GrammarError) -> Bool {
    guard !isFinished else { return false }
    var next = parses
    for byte in bytes {
      var calls = GrammarLimits.callsPerByte
      next = try next.advanced(byte, masks.tables, calls: &calls)
      guard !next.isDead else { return false }
    }
    parses = next
    return true
  }

  /// Sets `mask`, which must be of the vocabulary's size, to the tokens that may come next; after the end,
  /// to none.
  ///
  /// - Throws: if the grammar leaves too much open to follow, or the size is wrong.
  package func mask(into mask: inout TokenMask) throws(GrammarError) {
    guard mask.count == masks.vocabulary.count else {
      throw GrammarError(
        at: "matching", found: "a mask of \(mask.count) tokens",
        expected: "one of the vocabulary's \(masks.vocabulary.count)")
    }
    guard !isFinished else { return mask.removeAll() }
    try masks.compute(parses, into: &mask)
  }

  /// The bytes that must come next, at most `limit` of them: as long as the text may not end and only one
  /// byte fits. What is forced need not be sampled.
  package func forcedBytes(limit: Int = 256) throws(GrammarError) -> [UInt8] {
    guard !isFinished else { return [] }
    var result: [UInt8] = []
    var next = parses
    while result.count < limit, !next.reachesBottom, let byte = next.nextBytes(masks.tables).onlyByte {
      var calls = GrammarLimits.callsPerByte
      next = try next.advanced(byte, masks.tables, calls: &calls)
      result.append(byte)
    }
    return result
  }
}
