/// Which of GGUF's pre-tokenisers (`tokenizer.ggml.pre`) a byte-level `tokenizer.json` describes: recognised by its
/// normaliser and its splits, which must be one of these exactly.
enum PreTokenizerNames {
  /// A way of preparing text, and GGUF's name for it.
  struct Published {
    let name: String
    let composes: Bool
    let stages: [String]
  }

  /// Words as GPT-2 splits them, which the stage `ByteLevel` does by itself.
  private static let words = "ByteLevel, use_regex"
  private static let digits = "Digits, individual_digits"

  /// Contractions, words, numbers, punctuation, space.
  private static func cased(number: String, letters: String = #"\p{L}"#, marks: String = "") -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?"# + letters + "+|" + number
      + #"| ?[^\s\p{L}"# + marks + #"\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// Words that end where lower case turns to upper case.
  private static let gpt4o: String = {
    let lead = #"[^\r\n\p{L}\p{N}]?"#
    let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
    let ending = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    return lead + upper + "*" + lower + "+" + ending + "|" + lead + upper + "+" + lower + "*" + ending
      + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }()

  private static let deepSeekV3 =
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    + "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
  private static let deepSeekCJK = "[\u{4E00}-\u{9FA5}\u{0800}-\u{4E00}\u{AC00}-\u{D7FF}]+"

  static let all = [
    Published(name: "gpt-2", composes: false, stages: [words]),
    Published(name: "smollm", composes: false, stages: [digits, words]),
    Published(name: "qwen2", composes: true, stages: [cased(number: #"\p{N}"#)]),
    Published(name: "stablelm2", composes: false, stages: [cased(number: #"\p{N}"#)]),
    Published(
      name: "qwen35", composes: true,
      stages: [cased(number: #"\p{N}"#, letters: #"[\p{L}\p{M}]"#, marks: #"\p{M}"#)]),
    Published(name: "dbrx", composes: false, stages: [cased(number: #"\p{N}{1,3}"#)]),
    Published(name: "gpt-4o", composes: false, stages: [gpt4o]),
    Published(
      name: "deepseek-v3", composes: false,
      stages: [#"\p{N}{1,3}"#, "[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+", deepSeekV3]),
    Published(
      name: "deepseek-coder", composes: false,
      stages: ["[\r\n]", #"\s?\p{L}+"#, #"\s?\p{P}+"#, deepSeekCJK, digits]),
    Published(
      name: "deepseek-llm", composes: false,
      stages: [
        "[\r\n]", #"\s?["# + deepSeekLetters + "]+", #"\s?[!-/:-~！-／：-～‘-‟　-。]+"#, #"\s+$"#, deepSeekCJK,
        digits,
      ]),
  ]

  /// The name of what `file` describes.
  ///
  /// - Parameter ignoresMerges: whether a piece that is a token is that token whatever the merges say.
  static func name(of file: TokenizerFile, ignoresMerges: Bool) throws(CheckpointError) -> String {
    let composes = try isComposing(file)
    let stages = try stages(of: file)
    guard let published = all.first(where: { $0.stages == stages && $0.composes == composes }) else {
      throw unknown(file, stages, composes)
    }
    switch (published.name, ignoresMerges) {
    case ("dbrx", true): return "llama-bpe"
    case (let name, false):
      // R1's distillations into Qwen have its splits and DeepSeek's marks of turns.
      let isR1 = name == "qwen2" && file.addedTokens.contains { $0.content == "<｜Assistant｜>" }
      return isR1 ? "deepseek-r1-qwen" : name
    case (let name, true):
      throw CheckpointError(
        .unsupported, path: file.path, at: .key("model.ignore_merges"),
        found: "true with the splits of \(name)",
        expected: "false")
    }
  }

  private static func isComposing(_ file: TokenizerFile) throws(CheckpointError) -> Bool {
    let steps = flattened(file.normalizer, "normalizers")
    if steps.isEmpty { return false }
    guard steps.count == 1, steps[0]["type"]?.string == "NFC" else {
      throw CheckpointError(
        .unsupported, path: file.path, at: .key("normalizer"),
        found: steps.map { $0["type"]?.string ?? "another" }.joined(separator: ", "), expected: "none, or NFC"
      )
    }
    return true
  }

  /// The elements of a `Sequence`, or what stands in its place.
  private static func flattened(_ value: JSONValue?, _ key: String) -> [JSONValue] {
    guard let value, value != .null else { return [] }
    guard value["type"]?.string == "Sequence" else { return [value] }
    return (value[key]?.elements ?? []).flatMap { flattened($0, key) }
  }

  /// Each split's regular expression or name; `ByteLevel` alone turns bytes to letters and is no split.
  private static func stages(of file: TokenizerFile) throws(CheckpointError) -> [String] {
    var stages: [String] = []
    for step in flattened(file.preTokenizer, "pretokenizers") {
      let type = step["type"]?.string ?? "another"
      switch type {
      case "ByteLevel" where step["add_prefix_space"]?.bool != true:
        if step["use_regex"]?.bool ?? true { stages.append(words) }
      case "Digits" where step["individual_digits"]?.bool == true: stages.append(digits)
      case "Split"
      where step["behavior"]?.string == "Isolated" && step["invert"]?.bool != true
        && step["pattern"]?["Regex"]?.string != nil:
        stages.append(step["pattern"]?["Regex"]?.string ?? "")
      default:
        throw CheckpointError(
          .unsupported, path: file.path, at: .key("pre_tokenizer"),
          found: "the step \(printable(type)) with other options",
          expected: "ByteLevel without add_prefix_space, Digits one by one, Split by isolating a Regex")
      }
    }
    return stages
  }

  private static func unknown(
    _ file: TokenizerFile, _ stages: [String], _ composes: Bool
  ) -> CheckpointError {
    let found = (composes ? ["NFC"] : []) + stages
    return CheckpointError(
      .unsupported, path: file.path, at: .key("pre_tokenizer"), found: found.joined(separator: " then "),
      expected: "the splits of one of " + all.map(\.name).joined(separator: ", "),
      remedy: "text would be cut into other tokens than the model knows: convert it with its makers' tools")
  }

  /// The cased letters that DeepSeek LLM's file lists.
  private static let deepSeekLetters =
    "A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅ"
    + "ὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\u{2126}\u{2128}\u{212A}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻ"
    + "Ȿ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ\u{10400}-\u{1044F}\u{104B0}-\u{104D3}"
    + "\u{104D8}-\u{104FB}\u{10C80}-\u{10CB2}\u{10CC0}-\u{10CF2}\u{118A0}-\u{118DF}"
    + "\u{1E900}-\u{1E943}"
}
