internal import MinkeChat
internal import MinkeGrammar
internal import MinkeTokenizers

/// Keeps an answer to a grammar. Reasoning is free, and so is white space between it and the answer.
struct AnswerConstraint {
  private var matcher: GrammarMatcher
  private var mask: TokenMask
  /// Tokens that may come before the answer, whatever the grammar says: the mark that begins reasoning before anything is
  /// written, white space behind reasoning.
  private var free: [TokenID]
  private let space: [TokenID]

  /// - Parameters:
  ///   - opener: the mark that may begin reasoning in place of an answer.
  ///   - space: tokens of white space alone.
  init(
    _ grammar: Grammar, _ vocabulary: TokenVocabulary, opener: TokenID?, space: [TokenID]
  ) throws(GrammarError) {
    matcher = try GrammarMatcher(grammar.masks(over: vocabulary))
    mask = TokenMask(count: vocabulary.count)
    free = opener.map { [$0] } ?? []
    self.space = space
  }

  /// The constraint of an answer; nil where it may be anything.
  init?(
    _ model: LanguageModel, _ tools: [ToolDefinition], _ parameters: GenerationParameters,
    opensReasoning: Bool
  ) throws {
    var grammar = parameters.grammar
    var marks: Set<TokenID> = []
    if !tools.isEmpty, let format = model.template.capabilities.toolCalls {
      grammar = try model.toolGrammars.grammar(format, tools, parameters.toolChoice, answer: grammar)
      if format.callOpener != nil { marks = Set(format.allMarks.compactMap(model.tokenizer.specialToken)) }
    }
    guard let grammar else { return nil }
    let opener = opensReasoning ? nil : model.family.reasoning?.opener
    try self.init(
      grammar, model.grammarVocabulary.value(model, marks: marks),
      opener: opener.flatMap(model.tokenizer.specialToken),
      space: model.family.reasoning == nil ? [] : model.grammarVocabulary.space(model.tokenizer))
  }

  /// Excludes what the answer must not go on with.
  mutating func apply(to logits: UnsafeMutableBufferPointer<Float>) throws(GrammarError) {
    try matcher.mask(into: &mask)
    for token in free { mask.insert(Int(token)) }
    var span = unsafe logits.mutableSpan
    mask.apply(to: &span)
  }

  /// The reasoning has ended: once, white space may follow.
  mutating func endReasoning() { free = space }

  /// Takes the token that was chosen for the answer, or one that is free.
  mutating func accept(_ token: TokenID) throws(GrammarError) {
    defer { free = [] }
    if try matcher.accept(Int(token)) || free.contains(token) { return }
    throw GrammarError(at: "answer", found: "token \(token)", expected: "one that the grammar allows")
  }

  /// Takes text that stands behind the end of the reasoning in the same token.
  mutating func accept(text: String) throws(GrammarError) {
    free = []
    let text = text.drop { $0.isWhitespace }
    guard !text.isEmpty else { return }
    guard try matcher.accept(text.utf8) else {
      throw GrammarError(at: "answer", found: String(text), expected: "what the grammar allows")
    }
  }
}
