import MinkeGrammar
import Testing

@Suite struct `Masks` {
  /// Grammars, and texts that tokens are made of.
  static let examples: [(source: GrammarSource, texts: [String])] = [
    (.jsonObject, [#"{"a": [1, -2.5e3, "x\n\u00e9é"], "b": {"c": null}, "d": [true, false]}"#]),
    (.jsonValue, [#"[[[{"k":[]}]], "😀", 12]"#]),
    (.regex(#"(a|b)*abb|[^\x00-\x7f]{2,4}|\d{3}-\d{4}"#), ["abababb", "日本語é", "555-0199"]),
    (.choice(["yes", "yesterday", "no", "não"]), ["yesterday", "não"]),
    (
      .gbnf(
        """
        root ::= expression ("=" ws number)?
        expression ::= term (ws [-+*/] ws term)*
        term ::= number | "(" ws expression ws ")"
        number ::= "-"? [0-9]+ ("." [0-9]+)?
        ws ::= [ \\n]*
        """), ["(1 + 2.5) * -3 = 10", "((7))-1"]
    ),
    (
      // Ambiguous: many parses at once.
      .gbnf("root ::= a a a\na ::= [a-c]* | b\nb ::= \"ab\" b | \"a\""), ["abcabcab", "abababa"]
    ),
    (
      .jsonSchema(
        """
        {"type": "object", "properties": {
          "name": {"type": "string", "maxLength": 6}, "kind": {"enum": ["cat", "car", 7, null]},
          "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-zé]+$"}, "minItems": 1},
          "size": {"type": "integer", "minimum": -12, "maximum": 345}
        }, "required": ["name", "size"], "additionalProperties": {"$ref": "#"}}
        """),
      [#"{"name": "zoé", "kind": "cat", "tags": ["é", "ab"], "size": -12, "x": {"name":"","size":3}}"#]
    ),
    (
      .freeText([.init("<tool>", .sequence([.jsonObject, .text("</tool>")]))]),
      [#"Hello <to <tool>{"a": "<tool>"}</tool> and <tool>{}</tool>."#]
    ),
    (.sequence([.freeTextThrough(["</think>"]), .jsonObject]), [#"so </thin </think>{"a":1}"#]),
  ]

  @Test(arguments: examples.indices)
  func `allow exactly the tokens whose bytes are accepted`(index: Int) throws {
    let (source, texts) = Self.examples[index]
    let grammar = try Grammar(source)
    for seed in 0..<4 as Range<UInt64> {
      let vocabulary = Vocabularies.random(texts, pieces: 300, seed: seed)
      let masks = GrammarMasks(grammar, vocabulary)
      var random = SeededGenerator(seed &+ 77)
      for _ in 0..<4 { try walk(GrammarMatcher(masks), vocabulary, &random) }
    }
  }

  /// Chooses allowed tokens at random, and compares each mask with every token tried by its bytes.
  private func walk(
    _ start: GrammarMatcher, _ vocabulary: TokenVocabulary, _ random: inout SeededGenerator
  ) throws {
    var matcher = start
    var mask = TokenMask(count: vocabulary.count)
    for _ in 0..<25 {
      try matcher.mask(into: &mask)
      for token in 0..<vocabulary.count {
        var copy = matcher
        let isAccepted = try copy.accept(token)
        try #require(mask.contains(token) == isAccepted, "token \(token)")
      }
      let forced = try matcher.forcedBytes()
      for length in forced.indices {
        var copy = matcher
        #expect(try copy.accept(forced[...length]))
        #expect(!copy.canEnd || length == forced.count - 1)
      }
      // Long tokens lead further.
      let allowed = mask.tokens
      guard let token = allowed.randomElement(using: &random) else {
        #expect(matcher.isFinished)
        return
      }
      #expect(try matcher.accept(token))
    }
  }

  @Test func `hide the logits of all other tokens, and padding`() throws {
    let vocabulary = Vocabularies.random(["abc"], pieces: 100, seed: 5)
    let masks = GrammarMasks(try Grammar(.regex("[a-z]+")), vocabulary)
    var mask = TokenMask(count: vocabulary.count)
    try GrammarMatcher(masks).mask(into: &mask)
    var logits = (0..<vocabulary.count + 100).map(Float.init)
    var span = logits.mutableSpan
    mask.apply(to: &span)
    for (token, logit) in logits.enumerated() {
      #expect(logit == (mask.contains(token) ? Float(token) : -.infinity))
    }
  }

  @Test func `are the same for all threads that ask at once`() async throws {
    let (source, texts) = Self.examples[6]
    let vocabulary = Vocabularies.random(texts, pieces: 500, seed: 3)
    let grammar = try Grammar(source)
    let bytes = Array(texts[0].utf8)
    let shared = GrammarMasks(grammar, vocabulary)
    @Sendable func allMasks(_ masks: GrammarMasks) throws -> [TokenMask] {
      var matcher = try GrammarMatcher(masks)
      return try bytes.map { byte in
        var mask = TokenMask(count: vocabulary.count)
        try matcher.mask(into: &mask)
        try matcher.accept(CollectionOfOne(byte))
        return mask
      }
    }
    let expected = try allMasks(GrammarMasks(grammar, vocabulary))
    try await withThrowingTaskGroup(of: [TokenMask].self) { group in
      for _ in 0..<8 { group.addTask { try allMasks(shared) } }
      for try await masks in group { #expect(masks == expected) }
    }
  }

  @Test func `keep copies apart`() throws {
    let vocabulary = Vocabularies.random(["ab"], pieces: 10, seed: 1)
    var matcher = try GrammarMatcher(GrammarMasks(try Grammar(.choice(["ab", "ac"])), vocabulary))
    #expect(try matcher.accept(Array("a".utf8)))
    var copy = matcher
    #expect(try copy.accept(Array("b".utf8)))
    #expect(copy.canEnd && !matcher.canEnd)
    #expect(try !matcher.accept(Array("d".utf8)))
    #expect(try matcher.accept(Array("c".utf8)))
  }

  @Test func `allow nothing after the end token`() throws {
    let vocabulary = TokenVocabulary(tokens: [Array("a".utf8), nil, nil], endTokens: [1])
    var matcher = try GrammarMatcher(GrammarMasks(try Grammar(.regex("a*")), vocabulary))
    var mask = TokenMask(count: 3)
    try matcher.mask(into: &mask)
    #expect(mask.tokens == [0, 1])
    #expect(try matcher.accept(1))
    #expect(matcher.isFinished)
    try matcher.mask(into: &mask)
    #expect(mask.tokens == [])
    #expect(try !matcher.accept(0))
  }

  @Test func `force what is certain`() throws {
    let vocabulary = Vocabularies.random(["x"], pieces: 10, seed: 1)
    let schema =
      #"{"type":"object","properties":{"name":{"const":"Ann"}},"required":["name"],"additionalProperties":false}"#
    var matcher = try GrammarMatcher(
      GrammarMasks(try Grammar(.sequence([.text("<call>"), .jsonSchema(schema)])), vocabulary))
    #expect(try matcher.forcedBytes() == Array("<call>{".utf8))
    #expect(try matcher.accept(Array("<call>{\"".utf8)))
    #expect(try matcher.forcedBytes() == Array("name\":".utf8))
  }
}
