internal import MinkeChat
internal import MinkeSampling
internal import MinkeTokenizers

extension LanguageModel {
  /// The prompt of a conversation as the model's template and its family's advice make it.
  func prompt(_ conversation: Conversation) throws(ChatError) -> RenderedPrompt {
    try template.render(conversation, policy: family.policy)
  }

  /// The tokens of a prompt, those of `spoken` as far as it goes on from what was said.
  func encode(
    _ prompt: RenderedPrompt, after spoken: SpokenTokens = SpokenTokens()
  ) throws(TokenizerError) -> [TokenID] {
    try spoken.encode(prompt, tokenizer, addsBOS: template.source == nil)
  }

  /// Control tokens that mean something to the parsers of the output: reasoning tags, marks of tool calls.
  var marks: Set<TokenID> {
    var texts: [String] = []
    if let tags = family.reasoning { texts += [tags.opener, tags.closer] }
    if let format = template.capabilities.toolCalls { texts += format.allMarks }
    return Set(texts.compactMap(tokenizer.specialToken))
  }

  /// The tokens that hold one of DRY's sequence breakers.
  func breakerTokens(_ dry: DRYParameters) -> [TokenID] {
    (0..<TokenID(tokenizer.count)).filter { token in
      guard let text = tokenizer.text(of: token) else { return false }
      return dry.sequenceBreakers.contains(where: text.contains)
    }
  }
}
