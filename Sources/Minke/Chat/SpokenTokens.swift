internal import MinkeChat
internal import MinkeTokenizers

/// The tokens of a conversation as it was spoken, so that the next prompt begins with them.
///
/// A text has many ways to be cut into tokens, and a model does not always choose the one that the tokenizer would. Where the
/// next prompt's text goes on from what was said, only the rest is encoded: the cache then has all that came before.
struct SpokenTokens: Sendable {
  private(set) var tokens: [TokenID] = []
  /// The text of ``tokens``.
  private var text: [UInt8] = []

  mutating func note(_ tokens: [TokenID], _ tokenizer: Tokenizer) {
    self.tokens = tokens
    text = Array(tokenizer.decode(tokens, skipSpecial: false).utf8)
  }

  /// The tokens of a prompt.
  func encode(
    _ prompt: RenderedPrompt, _ tokenizer: Tokenizer, addsBOS: Bool
  ) throws(TokenizerError) -> [TokenID] {
    guard !tokens.isEmpty, let rest = rest(of: prompt) else {
      return try tokenizer.encode(prompt, addsBOS: addsBOS)
    }
    return try tokens + tokenizer.encode(rest, addsBOS: false)
  }

  /// What follows in a prompt that begins with what was said.
  private func rest(of prompt: RenderedPrompt) -> RenderedPrompt? {
    var said = text[...]
    var rest = prompt
    rest.segments = []
    for segment in prompt.segments {
      let bytes = Array(segment.text.utf8)
      let count = min(bytes.count, said.count)
      guard bytes[..<count].elementsEqual(said.prefix(count)) else { return nil }
      said = said.dropFirst(count)
      guard count < bytes.count else { continue }
      guard let text = String(validating: bytes[count...], as: UTF8.self) else { return nil }
      rest.segments.append(PromptSegment(text, isTrusted: segment.isTrusted))
    }
    return said.isEmpty && !rest.segments.isEmpty ? rest : nil
  }
}
