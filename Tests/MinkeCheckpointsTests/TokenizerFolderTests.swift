import MinkeCheckpoints
import Testing

@Suite("A folder's tokenizer becomes GGUF keys")
struct TokenizerFolderTests {
  private func metadata(
    _ changes: [String: String?] = [:], settings: String? = nil, _ files: [String: [UInt8]?] = [:]
  ) throws -> Metadata {
    var files = files
    if let settings { files["tokenizer_config.json"] = Array(settings.utf8) }
    return try TinyFolder.tokenizing(changes, files).open().metadata
  }

  private func error(
    _ changes: [String: String?], settings: String? = nil, _ files: [String: [UInt8]?] = [:]
  ) -> CheckpointError? {
    do {
      _ = try metadata(changes, settings: settings, files)
      return nil
    } catch { return error as? CheckpointError }
  }

  private func split(_ regex: String) -> String {
    let escaped = regex.replacing("\\", with: "\\\\").replacing("\r", with: "\\r").replacing(
      "\n", with: "\\n")
    return """
      {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": "\(escaped)"}, "behavior": "Isolated", "invert": false},
        {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]}
      """
  }

  private let qwen =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  private let gpt4o =
    #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"#
    + #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"#
    + #"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  @Test("with tokens of every kind, one for each row of the embedding")
  func tokens() throws {
    let metadata = try metadata()
    #expect(try metadata.string("tokenizer.ggml.model") == "gpt2")
    #expect(try metadata.string("tokenizer.ggml.pre") == "gpt-2")
    #expect(
      Array(try metadata.requiredStrings("tokenizer.ggml.tokens")) == [
        "a", "b", "ab", "<|end|>", "<think>", "[PAD5]",
      ])
    #expect(try metadata.integers("tokenizer.ggml.token_type") == [1, 1, 1, 3, 4, 5])
    #expect(Array(try metadata.requiredStrings("tokenizer.ggml.merges")) == ["a b"])
    #expect(try metadata.bool("tokenizer.ggml.add_bos_token") == false)
  }

  @Test("Strings that only look alike are two tokens, and merges may be lists")
  func exactBytes() throws {
    // Spelled out: Foundation takes the first two for one.
    let text =
      #"{"model": {"type": "BPE", "vocab": {"é": 0, "e\u0301": 1, "a": 2, "aé": 5}, "merges": [["a", "é"]]},"#
    let steps = #""pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "added_tokens": []}"#
    let metadata = try TinyFolder(["tokenizer.json": Array((text + steps).utf8)]).open().metadata
    let tokens = try metadata.requiredStrings("tokenizer.ggml.tokens")
    #expect(tokens.bytes(at: 0) == [0xC3, 0xA9])
    #expect(tokens.bytes(at: 1) == [0x65, 0xCC, 0x81])
    #expect(Array(try metadata.requiredStrings("tokenizer.ggml.merges")) == ["a é"])
  }

  @Test("Pre-tokenisers are recognised by their expressions, others are refused with theirs")
  func preTokenizers() throws {
    let nfc = "{\"type\": \"NFC\"}"
    func name(_ changes: [String: String?]) throws -> String? {
      try metadata(changes).string("tokenizer.ggml.pre")
    }
    #expect(try name(["pre_tokenizer": split(qwen), "normalizer": nfc]) == "qwen2")
    #expect(try name(["pre_tokenizer": split(qwen)]) == "stablelm2")
    let marks = "[{\"id\": 3, \"content\": \"<｜Assistant｜>\"}]"
    #expect(
      try name(["pre_tokenizer": split(qwen), "normalizer": nfc, "added_tokens": marks]) == "deepseek-r1-qwen"
    )
    let llama = split(qwen.replacing(#"|\p{N}|"#, with: #"|\p{N}{1,3}|"#))
    #expect(try name(["pre_tokenizer": llama]) == "dbrx")
    let ignoring = #"{"type": "BPE", "ignore_merges": true, "vocab": {"a": 0}, "merges": []}"#
    #expect(try name(["pre_tokenizer": llama, "model": ignoring]) == "llama-bpe")
    #expect(try name(["pre_tokenizer": split(gpt4o)]) == "gpt-4o")
    let digits = """
      {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true},
        {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}]}
      """
    #expect(try name(["pre_tokenizer": digits]) == "smollm")

    let unknown = error(["pre_tokenizer": split(#"\w+|\W+"#)])
    #expect(unknown?.kind == .unsupported)
    #expect(unknown?.found == #"\w+|\W+"#)
    #expect(unknown?.expected.contains("qwen2") == true)
    #expect(
      error(["pre_tokenizer": split(qwen), "normalizer": "{\"type\": \"Lowercase\"}"])?.place
        == .key("normalizer"))
    #expect(
      error(["pre_tokenizer": split(qwen).replacing("Isolated", with: "Removed")])?.place
        == .key("pre_tokenizer"))
    #expect(
      error(["pre_tokenizer": "{\"type\": \"ByteLevel\", \"add_prefix_space\": true}"])?.place
        == .key("pre_tokenizer"))
    #expect(error(["pre_tokenizer": split(qwen), "model": ignoring])?.place == .key("model.ignore_merges"))
  }

  private static func pieces(_ vocabulary: String, _ merges: String) -> String {
    """
    {"type": "BPE", "byte_fallback": true, "vocab": {"<unk>": 0, "<0x41>": 1, "▁": 2, "a": 3, \(vocabulary)},
     "merges": [\(merges)]}
    """
  }

  private static var eightRows: [UInt8] {
    var raw = RawSafetensors()
    raw.add("model.embed_tokens.weight", [8, 8], Array(repeating: 0, count: 64))
    return raw.bytes
  }

  @Test("SentencePiece's scores come back from merges")
  func sentencePiece() throws {
    let model = """
      {"type": "BPE", "byte_fallback": true, "unk_token": "<unk>", "vocab":
       {"<unk>": 0, "<0x41>": 1, "▁": 2, "a": 3, "▁a": 4, "▁▁": 5}, "merges": ["▁ a", "▁ ▁"]}
      """
    let changes: [String: String?] = [
      "model": model, "pre_tokenizer": nil,
      "added_tokens":
        "[{\"id\": 0, \"content\": \"<unk>\", \"special\": true}, {\"id\": 5, \"content\": \"▁▁\"}]",
      "normalizer": "{\"type\": \"Replace\", \"pattern\": {\"String\": \" \"}, \"content\": \"▁\"}",
    ]
    let plain = try metadata(changes, settings: "{\"eos_token\": \"a\"}")
    #expect(try plain.string("tokenizer.ggml.model") == "llama")
    #expect(try plain.integers("tokenizer.ggml.token_type") == [2, 6, 1, 1, 1, 4])
    #expect(try plain.floats("tokenizer.ggml.scores") == [0, -1, -2, -3, -4, -5])
    #expect(Array(try plain.requiredStrings("tokenizer.ggml.tokens"))[4...] == ["▁a", "  "])
    #expect(try plain.bool("tokenizer.ggml.add_space_prefix") == false)
    #expect(try plain.integer("tokenizer.ggml.unknown_token_id") == 0)
    var prepending = changes
    prepending["normalizer"] = """
      {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
      """
    #expect(
      try metadata(prepending, settings: "{\"eos_token\": \"a\"}").bool("tokenizer.ggml.add_space_prefix")
        == true)

    // Numbered in another order, scores are the merges' places. Numbered in theirs, a piece may have no merges.
    for (vocabulary, merges, scores) in [
      (#""b": 4, "ab": 5, "ba": 6"#, #""b a", "a b""#, [-3, -3, -3, -3, -3, -2, -1, -3]),
      (#""b": 4, "aa": 5, "ab": 6"#, #""a b""#, [0, -1, -2, -3, -4, -5, -6, -7]),
    ] as [(String, String, [Float])] {
      var other = changes
      other["added_tokens"] = "[]"
      other["model"] = Self.pieces(vocabulary, merges)
      let scored = try metadata(other, ["model.safetensors": Self.eightRows])
      #expect(try scored.floats("tokenizer.ggml.scores") == scores)
    }
    // Merges that no scores can say: one division missing, one of them elsewhere, one of a token that is not there.
    for (vocabulary, merges) in [
      (#""b": 4, "ab": 5, "abb": 6, "bb": 7"#, #""a b", "ab b", "b b""#),
      (#""b": 4, "ab": 5, "abb": 6, "bb": 7"#, #""a b", "ab b", "b b", "a bb""#),
      (#""b": 4"#, #""a b""#), (#""b": 4, "ab": 5"#, #""ab""#),
    ] {
      var bad = changes
      bad["added_tokens"] = "[]"
      bad["model"] = Self.pieces(vocabulary, merges)
      #expect(error(bad, ["model.safetensors": Self.eightRows])?.place == .key("model.merges"), "\(merges)")
    }
  }

  @Test("Special tokens come from the settings, the map, the configuration, in this order")
  func specialTokens() throws {
    let settings =
      "{\"bos_token\": {\"content\": \"a\"}, \"eos_token\": \"b\", \"pad_token\": null, \"add_bos_token\": true}"
    let first = try metadata(settings: settings)
    #expect(try first.integer("tokenizer.ggml.bos_token_id") == 0)
    #expect(try first.integer("tokenizer.ggml.eos_token_id") == 1)
    // What config.json names too ends an answer as well.
    #expect(try first.integer("tokenizer.ggml.eot_token_id") == 3)
    #expect(try first.bool("tokenizer.ggml.add_bos_token") == true)
    let map = Array("{\"bos_token\": \"ab\"}".utf8)
    let second = try metadata(["special_tokens_map.json": nil], ["special_tokens_map.json": map])
    #expect(try second.integer("tokenizer.ggml.bos_token_id") == 2)
    #expect(try second.integer("tokenizer.ggml.eos_token_id") == 3)
    let template = """
      {"type": "Sequence", "processors": [{"type": "ByteLevel"}, {"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "a", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]}]}
      """
    let third = try metadata(["post_processor": template], settings: "{\"bos_token\": \"a\"}")
    #expect(try third.bool("tokenizer.ggml.add_bos_token") == true)
    #expect(try third.bool("tokenizer.ggml.add_eos_token") == false)
    #expect(error([:], settings: "{\"eos_token\": \"nowhere\"}")?.place == .key("eos_token"))
    #expect(error([:], settings: "{\"eos_token\": 7}")?.place == .key("eos_token"))
    let outside = try TinyFolder.configured(["eos_token_id": "6"])
    #expect(throws: CheckpointError.self) { try outside.open() }
  }

  @Test("The chat template is found wherever it is kept")
  func templates() throws {
    func template(_ settings: String, _ files: [String: [UInt8]?] = [:]) throws -> String? {
      try metadata(settings: settings, files).string("tokenizer.chat_template")
    }
    #expect(try template("{\"chat_template\": \"one\"}") == "one")
    #expect(
      try template("{\"chat_template\": \"one\"}", ["chat_template.jinja": Array("file".utf8)]) == "file")
    #expect(try template("{}", ["chat_template.json": Array("{\"chat_template\": \"p\"}".utf8)]) == "p")
    #expect(try template("{}") == nil)
    let list =
      #"{"chat_template": [{"name": "default", "template": "d"}, {"name": "tool_use", "template": "t"}]}"#
    let named = try metadata(settings: list)
    #expect(try named.string("tokenizer.chat_template") == "d")
    #expect(try named.string("tokenizer.chat_template.tool_use") == "t")
    #expect(Array(try named.requiredStrings("tokenizer.chat_templates")) == ["tool_use"])
    for bad in [
      #"{"chat_template": 7}"#, #"{"chat_template": [{"name": "a"}]}"#,
      #"{"chat_template": [{"name": "a", "template": "d"}, {"name": "a", "template": "t"}]}"#,
      #"{"chat_template": [{"name": "a-b", "template": "d"}, {"name": "a_b", "template": "t"}]}"#,
    ] {
      #expect(error([:], settings: bad)?.place == .key("chat_template"))
    }
    #expect(error([:], ["chat_template.jinja": [0xFF]]) != nil)
  }

  @Test("Vocabularies that make no sense are refused")
  func vocabularies() {
    for model in [
      #"{"type": "Unigram", "vocab": [["a", -1]]}"#, #"{"type": "BPE", "vocab": {}, "merges": []}"#,
      #"{"type": "BPE", "vocab": {"a": -1}, "merges": []}"#,
      #"{"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}"#,
      #"{"type": "BPE", "vocab": {"a": 6}, "merges": []}"#,
      #"{"type": "BPE", "vocab": {"a": 99999999}, "merges": []}"#,
      #"{"type": "BPE", "vocab": {"a": 0.5}, "merges": []}"#,
      #"{"type": "BPE", "vocab": {"a": 0}, "merges": [["a"]]}"#,
      #"{"type": "BPE", "vocab": {"a": 0}, "merges": [7]}"#,
      #"{"type": "BPE", "vocab": {"a": 0}, "merges": [], "end_of_word_suffix": "</w>"}"#, "[]", "7",
    ] {
      #expect(error(["model": model]) != nil, "\(model)")
    }
    #expect(error(["added_tokens": "[{\"id\": 0, \"content\": \"other\"}]"])?.place == .key("added_tokens"))
    #expect(error(["added_tokens": "[{\"id\": -1, \"content\": \"x\"}]"])?.place == .key("added_tokens"))
    #expect(error(["added_tokens": "[7]"])?.place == .key("added_tokens"))
    var many = RawSafetensors()
    many.record("model.embed_tokens.weight", "F16", [1 << 24, 1], 0, 2 << 24)
    #expect(error([:], ["model.safetensors": many.bytes])?.place == .key("model.vocab"))
    // One beyond the embedding is left out: nothing can be looked up for it.
    #expect(
      error(["added_tokens": "[{\"id\": 900, \"content\": \"<image>\"}, {\"id\": 3, \"content\": \"x\"}]"])
        == nil)
  }
}
