import MinkeTokenizers
import Testing

@Suite("Byte-level BPE gives the reference's pieces and tokens")
struct ByteLevelParityTests {
  static let families = [
    "gpt-2", "smollm", "qwen2", "qwen35", "llama-bpe", "deepseek-llm", "deepseek-coder", "deepseek-v3",
    "gpt-4o",
  ]
  let golden: ByteLevelGolden

  init() throws { golden = try Golden.load("byte-level") }

  @Test("Pieces", arguments: families)
  func pieces(family name: String) throws {
    let family = try PreTokenizerFamily.named(name)
    let preTokenizer = PreTokenizer(stages: family.stages)
    let expected = try #require(golden.families[name]).pieces
    #expect(expected.count == golden.texts.count)
    for (text, expected) in zip(golden.texts, expected) {
      var bytes = Array(text.utf8)
      if family.composesText {
        bytes = CanonicalComposition.shared.composed(bytes.span, 0..<bytes.count)
      }
      var pieces = PieceLengths()
      preTokenizer.split(bytes.span, 0..<bytes.count, into: &pieces)
      #expect(pieces.lengths == expected, "\(text.debugDescription)")
    }
  }

  @Test("Tokens of text", arguments: families)
  func tokens(family: String) throws {
    let tokenizer = try golden.tokenizer(family, withSpecial: false)
    for (text, expected) in zip(golden.texts, try #require(golden.families[family]).ids) {
      #expect(try tokenizer.encode(text, special: .parse) == expected, "\(text.debugDescription)")
    }
  }

  @Test("Tokens of bytes that are not UTF-8", arguments: families)
  func brokenText(family: String) throws {
    let tokenizer = try golden.tokenizer(family, withSpecial: false)
    for (hexadecimal, expected) in zip(golden.broken, try #require(golden.families[family]).broken) {
      let bytes = Golden.bytes(hexadecimal: hexadecimal)
      #expect(try tokenizer.encode(utf8: bytes.span, special: .parse) == expected, "\(hexadecimal)")
    }
  }

  @Test("Special tokens parsed, or left as text", arguments: families)
  func specialTokens(family: String) throws {
    let tokenizer = try golden.tokenizer(family)
    let expected = try #require(golden.families[family])
    for (place, index) in golden.specialTexts.enumerated() {
      let text = golden.texts[index]
      #expect(try tokenizer.encode(text, special: .parse) == expected.parse[place])
      let asText = try tokenizer.encode(text, special: .asText)
      #expect(asText == expected.asText[place])
      #expect(asText.allSatisfy { tokenizer.type(of: $0) != .control })
    }
  }

  @Test("Decoded text, with and without special tokens", arguments: families)
  func decoding(family: String) throws {
    let tokenizer = try golden.tokenizer(family)
    let expected = try #require(golden.families[family])
    for (place, ids) in expected.parse.enumerated() {
      #expect(tokenizer.decode(ids) == expected.decoded[place])
      #expect(tokenizer.decode(ids, skipSpecial: false) == expected.decodedAll[place])
    }
  }

  @Test("The texts in one stretch, with the memory of pieces in use", arguments: families)
  func longText(family: String) throws {
    let tokenizer = try golden.tokenizer(family, withSpecial: false)
    // A newline and a letter around each text keep most pieces apart; the short encoder is the reference here.
    let part = golden.texts.joined(separator: "x\n").prefix(4000)
    let long = String(repeating: part + "\nx", count: 8)
    let once = try tokenizer.encode(String(part + "\nx"), special: .parse)
    let all = try tokenizer.encode(long, special: .parse)
    #expect(tokenizer.decode(all) == tokenizer.decode(Array(repeating: once, count: 8).joined()))
  }
}
