public import MinkeCheckpoints
public import MinkeTokenizers

extension Tokenizer {
  /// The tokenizer that a GGUF file's metadata describes. The file may be a vocabulary only, or truncated.
  ///
  /// - Throws: `CheckpointError` for a key that is missing or of a wrong type, `TokenizerError` for a vocabulary that
  ///   makes no sense.
  public convenience init(_ file: GGUFFile) throws {
    try self.init(TokenizerConfiguration(file.metadata))
  }

  /// The tokenizer of any checkpoint.
  package convenience init(_ checkpoint: any Checkpoint) throws {
    try self.init(TokenizerConfiguration(checkpoint.metadata))
  }
}

extension TokenizerConfiguration {
  /// What the keys `tokenizer.ggml.*` say.
  public init(_ metadata: Metadata) throws {
    let model = try Model(named: metadata.requiredString("tokenizer.ggml.model"))
    let tokens = try metadata.requiredStrings("tokenizer.ggml.tokens").byteStrings()
    self.init(
      model: model, preTokenizer: try metadata.string("tokenizer.ggml.pre"), tokens: tokens)
    for (id, type) in (try metadata.integers("tokenizer.ggml.token_type", count: tokens.count) ?? [])
      .enumerated()
    {
      guard let type = UInt8(exactly: type) else {
        throw TokenizerError.invalidTokenType(token: id, found: type)
      }
      tokenTypes.append(type)
    }
    switch model {
    case .byteLevel: merges = try metadata.requiredStrings("tokenizer.ggml.merges").byteStrings()
    case .sentencePiece: scores = try metadata.floats("tokenizer.ggml.scores", count: tokens.count) ?? []
    }
    bos = try metadata.integer("tokenizer.ggml.bos_token_id")
    eos = try metadata.integer("tokenizer.ggml.eos_token_id")
    unknown = try metadata.integer("tokenizer.ggml.unknown_token_id")
    padding = try metadata.integer("tokenizer.ggml.padding_token_id")
    addBOS = try metadata.bool("tokenizer.ggml.add_bos_token")
    addEOS = try metadata.bool("tokenizer.ggml.add_eos_token")
    addSpacePrefix = try metadata.bool("tokenizer.ggml.add_space_prefix")
  }
}

extension StringArray {
  /// A copy that a tokenizer may keep.
  fileprivate func byteStrings() -> ByteStrings {
    let (bytes, offsets) = concatenated()
    // The offsets are in order by construction.
    return ByteStrings(bytes: bytes, offsets: offsets) ?? ByteStrings()
  }
}
