import MinkeTokenizers
import Testing

@Suite("Long pieces merge as the definition says, in time that grows with their length")
struct LongPieceTests {
  /// Byte-pair encoding word for word: while a pair merges, the leftmost of the lowest rank does.
  static func merged(_ symbols: [String], rank: (String, String) -> Int?) -> [String] {
    var symbols = symbols
    while true {
      var best: (rank: Int, index: Int)?
      for index in symbols.indices.dropLast() {
        guard let rank = rank(symbols[index], symbols[index + 1]) else { continue }
        if best.map({ rank < $0.rank }) ?? true { best = (rank, index) }
      }
      guard let best else { return symbols }
      symbols[best.index] += symbols.remove(at: best.index + 1)
    }
  }

  /// Letters without a space between, of few kinds so that much merges.
  static func letters(_ count: Int, of alphabet: [String], seed: UInt64) -> String {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return alphabet[Int(state >> 33) % alphabet.count]
    }.joined()
  }

  static let texts = [
    String(repeating: "a", count: 1501), String(repeating: "ab", count: 750),
    letters(100, of: ["a", "b", "t", "e"], seed: 1),
    letters(1023, of: ["a", "e", "t", "h", "i", "n", "s", "o", "r"], seed: 2),
    letters(1024, of: ["a", "b"], seed: 3),
    letters(1800, of: ["t", "h", "e", "r", "i", "n", "g", "o"], seed: 4),
    String(repeating: "internationalization", count: 90),
  ]

  @Test("Byte level", arguments: texts)
  func byteLevel(text: String) throws {
    let golden: ByteLevelGolden = try Golden.load("byte-level")
    let ranks = Dictionary(
      zip(golden.merges, golden.merges.indices), uniquingKeysWith: { first, _ in first })
    let ids = Dictionary(zip(golden.tokens, golden.tokens.indices), uniquingKeysWith: { $1 })
    let expected = Self.merged(text.map(String.init)) { ranks[$0 + " " + $1] }
    let tokens = try golden.tokenizer("gpt-2").encode(text, special: .parse)
    #expect(tokens.map(Int.init) == expected.map { ids[$0] })
  }

  @Test("SentencePiece", arguments: texts)
  func sentencePiece(text: String) throws {
    let golden: SentencePieceGolden = try Golden.load("sentencepiece")
    let ids = Dictionary(zip(golden.tokens, golden.tokens.indices), uniquingKeysWith: { $1 })
    let expected = Self.merged(text.map(String.init)) { left, right in
      ids[left + right].flatMap { golden.types[$0] == 1 ? Int(-golden.scores[$0]) : nil }
    }
    let tokens = try golden.tokenizer(addsSpace: false).encode(text, special: .parse)
    #expect(tokens.map(Int.init) == expected.map { ids[$0] })
  }

  @Test(
    "A megabyte of anything",
    arguments: [
      "a", " ", "\n", "7", "👩‍🚀", "深", "ab cd ", "e\u{301}", "<|im_", "=-", "\u{301}", "aB", "中AB", "\u{301}AB",
      "!A", "A's",
    ])
  func megabyte(unit: String) throws {
    let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count)
    let byteLevel: ByteLevelGolden = try Golden.load("byte-level")
    let sentencePiece: SentencePieceGolden = try Golden.load("sentencepiece")
    let tokenizers =
      try ["smollm", "qwen2", "deepseek-llm", "deepseek-v3", "gpt-4o"].map { try byteLevel.tokenizer($0) }
      + [sentencePiece.tokenizer(addsSpace: true)]
    for tokenizer in tokenizers {
      let start = ContinuousClock.now
      #expect(try !tokenizer.encode(text, special: .parse).isEmpty)
      // A fifth of a second where nothing else runs; a quadratic step would take minutes.
      #expect(ContinuousClock.now - start < .seconds(20))
    }
  }

  @Test(
    "A megabyte of upper case, for lower case to look back over",
    arguments: ["中", "\u{301}", " ", ""])
  func megabyteOfUpperCase(lead: String) throws {
    let golden: ByteLevelGolden = try Golden.load("byte-level")
    let tokenizer = try golden.tokenizer("gpt-4o")
    let text = String(repeating: lead + String(repeating: "A", count: 1 << 19), count: 2)
    let start = ContinuousClock.now
    #expect(try tokenizer.decode(tokenizer.encode(text, special: .parse)) == text)
    #expect(ContinuousClock.now - start < .seconds(20))
  }
}
