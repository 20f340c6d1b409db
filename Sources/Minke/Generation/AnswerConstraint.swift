internal import MinkeGrammar
internal import MinkeTokenizers
internal import Synchronization

/// Keeps an answer to a grammar. Reasoning is free.
struct AnswerConstraint {
  private var matcher: GrammarMatcher
  private var mask: TokenMask
  /// The mark that may begin reasoning in place of an answer, before anything is written.
  private var opener: Int?

  init(_ grammar: Grammar, _ vocabulary: TokenVocabulary, opener: TokenID?) throws(GrammarError) {
    matcher = try GrammarMatcher(grammar.masks(over: vocabulary))
    mask = TokenMask(count: vocabulary.count)
    self.opener = opener.map(Int.init)
  }

  /// Excludes what the answer must not go on with.
  mutating func apply(to logits: UnsafeMutableBufferPointer<Float>) throws(GrammarError) {
    try matcher.mask(into: &mask)
    let kept = opener.map { (token: $0, logit: unsafe logits[$0]) }
    var span = unsafe logits.mutableSpan
    mask.apply(to: &span)
    if let kept { unsafe logits[kept.token] = kept.logit }
  }

  /// Takes the token that was chosen for the answer, or that begins reasoning.
  mutating func accept(_ token: TokenID) throws(GrammarError) {
    defer { opener = nil }
    if Int(token) == opener { return }
    guard try matcher.accept(Int(token)) else {
      throw GrammarError(at: "answer", found: "token \(token)", expected: "one that the grammar allows")
    }
  }

  /// Takes text that stands behind the end of the reasoning in the same token.
  mutating func accept(text: String) throws(GrammarError) {
    opener = nil
    let text = text.drop { $0.isWhitespace }
    guard !text.isEmpty else { return }
    guard try matcher.accept(text.utf8) else {
      throw GrammarError(at: "answer", found: String(text), expected: "what the grammar allows")
    }
  }
}

/// The vocabulary as grammars see it, made when it is first needed.
final class GrammarVocabulary: Sendable {
  private let made = Mutex<TokenVocabulary?>(nil)

  func value(_ model: LanguageModel) -> TokenVocabulary {
    made.withLock { made in
      if let made { return made }
      let tokenizer = model.tokenizer
      let tokens = (0..<model.information.vocabularySize).map { id -> [UInt8]? in
        guard id < tokenizer.count else { return nil }
        switch tokenizer.type(of: TokenID(id)) {
        case .control?, .unknown?, .unused?, nil: return nil
        default: return tokenizer.bytes(of: TokenID(id))
        }
      }
      let vocabulary = TokenVocabulary(tokens: tokens, endTokens: Set(model.endTokens.map(Int.init)))
      made = vocabulary
      return vocabulary
    }
  }
}
