internal import MinkeChat
internal import MinkeGrammar
internal import MinkeTokenizers
internal import Synchronization

/// The vocabulary as grammars see it, made when it is first needed.
final class GrammarVocabulary: Sendable {
  private struct Made {
    var plain: TokenVocabulary?
    var marked: TokenVocabulary?
    var space: [TokenID]?
  }

  private let made = Mutex(Made())

  /// - Parameter marks: control tokens that stand for their text, such as the marks of calls.
  func value(_ model: LanguageModel, marks: Set<TokenID> = []) -> TokenVocabulary {
    made.withLock { made in
      if let known = marks.isEmpty ? made.plain : made.marked { return known }
      let tokenizer = model.tokenizer
      let tokens = (0..<model.information.vocabularySize).map { id -> [UInt8]? in
        guard id < tokenizer.count else { return nil }
        switch tokenizer.type(of: TokenID(id)) {
        case .control? where marks.contains(TokenID(id)): return tokenizer.bytes(of: TokenID(id))
        case .control?, .unknown?, .unused?, nil: return nil
        default: return tokenizer.bytes(of: TokenID(id))
        }
      }
      let vocabulary = TokenVocabulary(tokens: tokens, endTokens: Set(model.endTokens.map(Int.init)))
      if marks.isEmpty { made.plain = vocabulary } else { made.marked = vocabulary }
      return vocabulary
    }
  }

  /// Tokens of a little white space and nothing else.
  func space(_ tokenizer: Tokenizer) -> [TokenID] {
    made.withLock { made in
      if let known = made.space { return known }
      let space = (0..<TokenID(tokenizer.count)).filter { token in
        guard let bytes = tokenizer.bytes(of: token), (1...4).contains(bytes.count) else { return false }
        return bytes.allSatisfy { $0 == 0x20 || $0 == 0x0A }
      }
      made.space = space
      return space
    }
  }
}
