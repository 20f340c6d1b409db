package import MinkeChat
package import MinkeCheckpoints
package import MinkeTokenizers

/// What a checkpoint holds for text: tokenizer, chat template and the family's customs. Needs no tensor, so a
/// vocabulary-only or truncated file has it too.
package struct ModelText: Sendable {
  package let tokenizer: Tokenizer
  package let template: ChatTemplate
  package let family: FamilyDefaults
  /// Tokens that end an answer.
  package let endTokens: Set<TokenID>

  /// - Parameter vocabularySize: rows of the embedding, where there is one: the tokenizer must not have more tokens.
  package init(_ file: any Checkpoint, vocabularySize: Int? = nil) throws {
    let metadata = file.metadata
    let tokenizer = try Tokenizer(TokenizerConfiguration(metadata))
    if let vocabularySize, tokenizer.count > vocabularySize {
      throw metadata.invalid(
        "tokenizer.ggml.tokens", expected: "at most \(vocabularySize) tokens, the rows of token_embd.weight")
    }
    let facts = try ModelFacts(metadata)
    self.tokenizer = tokenizer
    template = try ChatTemplate(
      facts.chatTemplate, specialTokens: Self.named(tokenizer), controlTokens: tokenizer.controlTexts)
    family = FamilyDefaults(facts)
    endTokens = try Self.endTokens(metadata, tokenizer)
  }

  /// The special tokens that templates name.
  private static func named(_ tokenizer: Tokenizer) -> [String: String] {
    var named: [String: String] = [:]
    if let bos = tokenizer.bos { named["bos_token"] = tokenizer.text(of: bos) }
    if let eos = tokenizer.eos { named["eos_token"] = tokenizer.text(of: eos) }
    return named
  }

  /// Control tokens by which families end a turn; a file may name only one of those its model uses.
  private static let endTexts = [
    "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<end_of_turn>",
    "<｜end▁of▁sentence｜>", "<|end|>", "</s>",
  ]

  private static func endTokens(_ metadata: Metadata, _ tokenizer: Tokenizer) throws -> Set<TokenID> {
    var tokens: Set<TokenID> = []
    if let eos = tokenizer.eos { tokens.insert(eos) }
    for key in ["tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"] {
      if let id = try metadata.integer(key, in: 0...tokenizer.count - 1) { tokens.insert(TokenID(id)) }
    }
    for text in endTexts {
      if let token = tokenizer.specialToken(text), tokenizer.type(of: token) == .control {
        tokens.insert(token)
      }
    }
    return tokens
  }
}

extension Tokenizer {
  /// A token's text as it is spelled in a prompt.
  func text(of token: TokenID) -> String? {
    bytes(of: token).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The text of every token that structures a prompt.
  var controlTexts: [String] {
    (0..<TokenID(count)).filter { type(of: $0) == .control }.compactMap(text(of:))
  }
}

extension ModelFacts {
  init(_ metadata: Metadata) throws(CheckpointError) {
    self.init()
    architecture = try metadata.string("general.architecture") ?? ""
    name = try metadata.string("general.name") ?? ""
    basename = try metadata.string("general.basename") ?? ""
    finetune = try metadata.string("general.finetune") ?? ""
    preTokenizer = try metadata.string("tokenizer.ggml.pre") ?? ""
    chatTemplate = try metadata.string("tokenizer.chat_template")
    sampling = SamplingAdvice(
      temperature: try metadata.float("general.sampling.temp", in: 0...100),
      topP: try metadata.float("general.sampling.top_p", in: 0...1),
      topK: try metadata.integer("general.sampling.top_k", in: 0...1_000_000),
      minP: try metadata.float("general.sampling.min_p", in: 0...1),
      repetitionPenalty: try metadata.float("general.sampling.penalty_repeat", in: 0.01...100))
  }
}
