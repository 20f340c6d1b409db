/// The tokenizer of a folder as GGUF keys: `tokenizer.ggml.*` and `tokenizer.chat_template`.
///
/// `tokenizer.json` has vocabulary and rules, `tokenizer_config.json` which tokens are special and the chat template, which may
/// also lie in `chat_template.jinja`.
struct TokenizerKeys {
  private let files: FolderFiles
  private let configuration: FolderConfiguration
  private let generation: JSONFields?
  private let settings: JSONFields
  private let file: TokenizerFile

  static let settingsLimit = 32 << 20
  static let templateLimit = 4 << 20

  init(
    _ files: FolderFiles, _ configuration: FolderConfiguration, generation: JSONFields?
  ) throws(CheckpointError) {
    let name = "tokenizer.json"
    guard let bytes = try files.read(name, limit: TokenizerFile.sizeLimit) else {
      throw CheckpointError(
        .missing, path: files.path + "/" + name, at: .file, found: "no such file",
        expected: "the vocabulary and its rules",
        remedy: "fetch it with the model, or save its tokenizer with transformers")
    }
    file = try TokenizerFile(bytes, path: files.path + "/" + name)
    self.files = files
    self.configuration = configuration
    self.generation = generation
    settings =
      try files.fields("tokenizer_config.json", limit: Self.settingsLimit)
      ?? JSONFields([:], path: files.path + "/tokenizer_config.json")
  }

  /// - Parameter vocabularySize: rows of the embedding. Rows without a token get one that nothing becomes.
  func write(to keys: inout KeyList, vocabularySize: Int) throws(CheckpointError) {
    let model = try TokenModel(file)
    let list = try TokenList(file, vocabularySize: vocabularySize, isSentencePiece: model.isSentencePiece)
    let special = try SpecialTokens(
      settings, map: files.fields("special_tokens_map.json", limit: Self.settingsLimit),
      configuration.root, generation, list)
    switch model {
    case .byteLevel(let preTokenizer):
      keys.set("tokenizer.ggml.model", "gpt2")
      keys.set("tokenizer.ggml.pre", preTokenizer)
      keys.set("tokenizer.ggml.tokens", .array(list.strings.array))
      keys.set("tokenizer.ggml.token_type", .array(MetadataArray(list.types)))
      keys.set("tokenizer.ggml.merges", .array(file.merges.array))
    case .sentencePiece(let addsSpace):
      keys.set("tokenizer.ggml.model", "llama")
      keys.set("tokenizer.ggml.pre", "default")
      keys.set("tokenizer.ggml.tokens", .array(list.strings.array))
      keys.set("tokenizer.ggml.scores", .array(MetadataArray(try PieceScores(file, list).values)))
      keys.set("tokenizer.ggml.token_type", .array(MetadataArray(list.types)))
      keys.set("tokenizer.ggml.add_space_prefix", addsSpace)
    }
    try special.write(to: &keys, settings, postProcessor: file.postProcessor)
    try writeTemplates(to: &keys)
  }

  /// A file of its own wins over the configuration's template, of which there may be several by name.
  private func writeTemplates(to keys: inout KeyList) throws(CheckpointError) {
    let key = "tokenizer.chat_template"
    let name = "chat_template.jinja"
    if let bytes = try files.read(name, limit: Self.templateLimit) {
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw CheckpointError(
          .malformed, path: files.path + "/" + name, at: .file, found: "text that is not UTF-8",
          expected: "UTF-8")
      }
      return keys.set(key, text)
    }
    guard let elements = settings["chat_template"]?.elements else {
      let processor = try files.fields("chat_template.json", limit: Self.templateLimit)
      return keys.set(key, try settings.string("chat_template").or(try processor?.string("chat_template")))
    }
    var names: [String] = []
    for element in elements {
      guard let name = element["name"]?.string, let template = element["template"]?.string,
        !names.contains(name)
      else {
        throw settings.invalid("chat_template", expected: "text, or a list of different names with templates")
      }
      names.append(name)
      // As the `gguf` package names them.
      let plain = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
      let own = name == "default" ? key : key + "." + plain
      guard keys.metadata[own] == nil else {
        throw settings.invalid("chat_template", expected: "names that differ in letters and digits")
      }
      keys.set(own, template)
    }
    let others = names.filter { $0 != "default" }
    if !others.isEmpty { keys.set("tokenizer.chat_templates", .array(MetadataArray(strings: others))) }
  }
}

/// How a vocabulary's text becomes tokens.
private enum TokenModel {
  /// Byte-level byte-pair encoding, with GGUF's name of the pre-tokeniser.
  case byteLevel(preTokenizer: String)
  /// SentencePiece's byte-pair encoding, whose scores `tokenizer.json` has turned to merges.
  case sentencePiece(addsSpace: Bool)

  var isSentencePiece: Bool {
    if case .sentencePiece = self { true } else { false }
  }

  init(_ file: TokenizerFile) throws(CheckpointError) {
    func refuse(_ key: String, _ found: String, _ expected: String) -> CheckpointError {
      CheckpointError(.unsupported, path: file.path, at: .key(key), found: found, expected: expected)
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let text = file.model[key]?.string, !text.isEmpty {
        throw refuse("model." + key, "\"\(printable(text))\"", "none")
      }
    }
    let ignoresMerges = file.model["ignore_merges"]?.bool ?? false
    guard file.model["byte_fallback"]?.bool == true else {
      self = .byteLevel(preTokenizer: try PreTokenizerNames.name(of: file, ignoresMerges: ignoresMerges))
      return
    }
    guard !ignoresMerges else { throw refuse("model.ignore_merges", "true with byte_fallback", "false") }
    self = .sentencePiece(addsSpace: try Self.addsSpace(file))
  }

  /// Whether text gets a space before it: by a normaliser that prepends one, or a pre-tokeniser that marks words.
  private static func addsSpace(_ file: TokenizerFile) throws(CheckpointError) -> Bool {
    var adds = false
    for step in (file.normalizer?["normalizers"]?.elements ?? [file.normalizer ?? .null]) where step != .null
    {
      switch step["type"]?.string {
      case "Prepend" where step["prepend"]?.string == "▁": adds = true
      case "Replace" where step["pattern"]?["String"]?.string == " " && step["content"]?.string == "▁": break
      default:
        throw CheckpointError(
          .unsupported, path: file.path, at: .key("normalizer"),
          found: step["type"]?.string ?? "another step",
          expected: "▁ for a space, and before the text")
      }
    }
    let step = file.preTokenizer ?? .null
    switch step["type"]?.string {
    case nil where step == .null: break
    case "Split" where step["pattern"]?["String"]?.string == " ": break  // there is none left
    case "Metaspace" where step["replacement"]?.string == "▁" && step["split"]?.bool == false:
      adds = step["prepend_scheme"]?.string != "never"
    default:
      throw CheckpointError(
        .unsupported, path: file.path, at: .key("pre_tokenizer"),
        found: step["type"]?.string ?? "another step",
        expected: "none, or Metaspace with ▁ that does not split")
    }
    return adds
  }
}
