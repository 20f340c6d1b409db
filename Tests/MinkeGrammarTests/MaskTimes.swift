import MinkeGrammar
import Testing

@Suite(.serialized) struct `The time of masks` {
  static let schemas: [(name: String, source: GrammarSource)] = [
    (
      "person",
      .jsonSchema(
        """
        {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":130},
        "email":{"type":"string","format":"email"},"tags":{"type":"array","items":{"type":"string"}}},
        "required":["name","age"],"additionalProperties":false}
        """)
    ),
    (
      "short strings",
      .jsonSchema(
        """
        {"type":"object","properties":{"title":{"type":"string","minLength":1,"maxLength":120},
        "summary":{"type":"string","maxLength":2000},"code":{"type":"string","pattern":"^[A-Z]{3}-[0-9]{4}$"}},
        "required":["title","summary","code"],"additionalProperties":false}
        """)
    ),
    (
      "open and recursive",
      .jsonSchema(
        """
        {"type":"object","properties":{"value":{"type":"number"},"label":{"type":"string"},
        "children":{"type":"array","items":{"$ref":"#"}}},"required":["value"]}
        """)
    ),
    ("any JSON", .jsonObject),
    (
      "free text and a tool call",
      .freeText([.init("<tool_call>", .sequence([.jsonObject, .text("</tool_call>")]))])
    ),
  ]

  /// Prints what a mask takes on average along texts that are chosen at random, on its first and second way.
  @Test(arguments: schemas.indices) func `is printed`(index: Int) throws {
    let (name, source) = Self.schemas[index]
    let clock = ContinuousClock()
    var grammar: Grammar?
    let compiling = try clock.measure { grammar = try Grammar(source) }
    for count in [49_152, 151_936] {
      let vocabulary = Vocabularies.large(count)
      let masks = GrammarMasks(try #require(grammar), vocabulary)
      var times: [Double] = []
      for seed in [1, 2, 1, 2, 1, 2] as [UInt64] {
        var matcher = try GrammarMatcher(masks)
        var random = SeededGenerator(seed)
        var mask = TokenMask(count: count)
        var steps = 0
        var time = Duration.zero
        while steps < 200, !matcher.isFinished {
          time += try clock.measure { try matcher.mask(into: &mask) }
          steps += 1
          guard let token = mask.randomToken(using: &random) else { break }
          try matcher.accept(token)
        }
        times.append(time / .microseconds(steps))
      }
      let first = (times[0] + times[1]) / 2
      print(
        "\(name), \(count) tokens: compiled in \(compiling); \(first) µs a mask at first, then \(times[5])")
    }
    var logits = [Float](repeating: 1, count: 49_152)
    var mask = TokenMask(count: 49_152)
    let masks = GrammarMasks(try #require(grammar), Vocabularies.large(49_152))
    try GrammarMatcher(masks).mask(into: &mask)
    let applying = clock.measure {
      for _ in 0..<100 {
        var span = logits.mutableSpan
        mask.apply(to: &span)
      }
    }
    print("\(name): applied in \(applying / 100)")
  }
}

extension TokenMask {
  fileprivate func randomToken(using random: inout SeededGenerator) -> Int? {
    for _ in 0..<64 {
      let token = Int.random(in: 0..<count, using: &random)
      if contains(token) { return token }
    }
    return tokens.randomElement(using: &random)
  }
}
