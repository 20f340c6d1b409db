/// A tokenizer's tokens as grammars see them: made once and shared.
package final class TokenVocabulary: Sendable {
  /// Longer tokens are never allowed.
  static let maximumTokenLength = 1024

  let tokens: [[UInt8]?]
  let endTokens: Set<Int>
  let trie: TokenTrie

  /// The number of ids, including those of tokens that are never allowed.
  package var count: Int { tokens.count }

  /// What a token adds to the text; nil if grammars never allow it.
  package func bytes(of token: Int) -> [UInt8]? { tokens.indices.contains(token) ? tokens[token] : nil }

  /// - Parameters:
  ///   - tokens: by id the bytes that a token adds to the text, which may be a part of a character; nil for
  ///     control tokens and all others that no grammar may allow. Empty tokens are not allowed either.
  ///   - endTokens: the tokens that end the text, allowed where the grammar may end; other ids than those of
  ///     `tokens` are left out.
  package init(tokens: [[UInt8]?], endTokens: Set<Int>) {
    let ends = endTokens.filter(tokens.indices.contains)
    let usable = tokens.enumerated().map { id, bytes -> [UInt8]? in
      guard let bytes, !ends.contains(id) else { return nil }
      return bytes.isEmpty || bytes.count > Self.maximumTokenLength ? nil : bytes
    }
    self.tokens = usable
    self.endTokens = ends
    trie = TokenTrie(
      usable.enumerated().compactMap { id, bytes in bytes.map { (Int32(truncatingIfNeeded: id), $0) } })
  }
}
