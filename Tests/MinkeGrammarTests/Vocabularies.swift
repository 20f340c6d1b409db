import MinkeGrammar

/// SplitMix64: the same numbers everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

enum Vocabularies {
  /// All single bytes, some pieces of the texts, some random tokens, control tokens and two that end.
  static func random(_ texts: [String], pieces: Int, seed: UInt64) -> TokenVocabulary {
    var random = SeededGenerator(seed)
    var tokens: [[UInt8]?] = (0...255).map { [$0] }
    for _ in 0..<pieces {
      let bytes = Array((texts.randomElement(using: &random) ?? "").utf8)
      guard !bytes.isEmpty else { continue }
      let start = Int.random(in: 0..<bytes.count, using: &random)
      let length = Int.random(in: 1...8, using: &random)
      tokens.append(Array(bytes[start..<min(start + length, bytes.count)]))
    }
    for _ in 0..<pieces / 4 {
      let alphabet = Array("{}[]\",:0123456789.-e \nabcxyz\\u".utf8)
      let length = Int.random(in: 1...4, using: &random)
      tokens.append((0..<length).map { _ in alphabet.randomElement(using: &random) ?? 0 })
    }
    tokens += [nil, [], nil, Array("<end>".utf8)]
    tokens.shuffle(using: &random)
    let ends = [tokens.firstIndex { $0 == nil }, tokens.firstIndex(of: Array("<end>".utf8))]
    return TokenVocabulary(tokens: tokens, endTokens: Set(ends.compactMap(\.self)))
  }

  /// As many tokens as a real vocabulary has, made of the words of JSON and English.
  static func large(_ count: Int) -> TokenVocabulary {
    var random = SeededGenerator(1)
    var tokens: [[UInt8]?] = (0...255).map { [$0] }
    var known = Set(tokens)
    let letters = Array("etaoinshrdlcumwfgypbvkjxqz".utf8)
    let marks = [
      "\"", "\",", "\":", "{\"", "\"}", "\"],", "},{", " \"", ",\n", "\n", "\n  ", "[", "]", "{}", "[]",
      "\\n",
      "\\\"", "://", ".", ", ", ": ", "é", "ü", "中", "文", "的", "\u{1F600}",
    ].map { Array($0.utf8) }
    while tokens.count < count {
      // Short words are more frequent, and words begin with a blank as often as not.
      var token: [UInt8] = Bool.random(using: &random) ? [0x20] : []
      for _ in 0..<Int.random(in: 1...9, using: &random) {
        let index = min(Int.random(in: 0..<26, using: &random), Int.random(in: 0..<26, using: &random))
        token.append(letters[index])
      }
      switch Int.random(in: 0..<20, using: &random) {
      case 0: token = (marks.randomElement(using: &random) ?? []) + token
      case 1: token += marks.randomElement(using: &random) ?? []
      case 2: token = Array(String(Int.random(in: 0..<100_000, using: &random)).utf8)
      case 3:
        token = (marks.randomElement(using: &random) ?? []) + (marks.randomElement(using: &random) ?? [])
      default: break
      }
      if known.insert(token).inserted { tokens.append(token) }
    }
    tokens[256] = nil
    return TokenVocabulary(tokens: tokens, endTokens: [256])
  }
}
