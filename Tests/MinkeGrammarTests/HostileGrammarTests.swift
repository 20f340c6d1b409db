import MinkeGrammar
import Testing

/// Grammars that would take endless time or memory have to end soon, with an error if they cannot be used.
@Suite struct `Hostile grammars` {
  static let refused: [(name: String, source: GrammarSource)] = [
    (
      "groups",
      .gbnf(
        "root ::= " + String(repeating: "(", count: 50_000) + "\"a\"" + String(repeating: ")", count: 50_000))
    ),
    (
      "regex groups",
      .regex(String(repeating: "(", count: 50_000) + "a" + String(repeating: ")", count: 50_000))
    ),
    ("JSON arrays", .jsonSchema(String(repeating: "[", count: 50_000))),
    (
      "schemas",
      .jsonSchema(
        String(repeating: #"{"not":"#, count: 50_000) + "{}" + String(repeating: "}", count: 50_000))
    ),
    ("repetition", .gbnf("root ::= \"a\"{1,1000000}")),
    ("nested repetition", .gbnf("root ::= (((\"ab\"{1000}){1000}){1000}){1000}")),
    ("regex repetition", .regex("((a{1000}){1000}){1000}")),
    ("repeated repetition", .gbnf("root ::= \"a\"" + String(repeating: "*", count: 10_000))),
    ("exponential subsets", .regex("(a|b)*a(a|b){30}")),
    ("many subsets", .regex("(?:" + (1...60).map { "(?:.{\($0)}x)*" }.joined(separator: "|") + ")")),
    ("reference to itself", .jsonSchema(##"{"$ref":"#"}"##)),
    (
      "references in a circle",
      .jsonSchema(
        ##"{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"anyOf":[{"$ref":"#/$defs/a"}]}}}"##
      )
    ),
    ("endless object", .jsonSchema(##"{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}"##)),
    ("maxItems", .jsonSchema(#"{"maxItems":1000000}"#)),
    ("maxLength", .jsonSchema(#"{"maxLength":100000000}"#)),
    ("huge number", .jsonSchema(#"{"minimum":1e1000000}"#)),
    ("many digits", .jsonSchema(#"{"multipleOf":0.0000000000000000000000000000001}"#)),
    ("many rules", .gbnf("root ::= \"a\"\n" + (0..<20_000).map { "r\($0) ::= \"a\"\n" }.joined())),
    (
      "rules in a long chain",
      .gbnf(
        "root ::= r0\n" + (0..<3000).map { "r\($0) ::= r\($0 + 1) \"x\"\n" }.joined() + "r3000 ::= \"a\"\n")
    ),
    ("too large", .regex(String(repeating: "a", count: 2_000_000))),
    (
      "doubling references",
      .jsonSchema(
        #"{"$defs":{"# + (0..<60).map(doubled).joined(separator: ",") + ##","d60":{}},"$ref":"#/$defs/d0"}"##)
    ),
    (
      "doubling alternatives",
      .jsonSchema(
        #"{"allOf":["#
          + (0..<20).map { #"{"anyOf":[{"minimum":\#($0)},{"maxLength":\#($0)}]}"# }.joined(separator: ",")
          + "]}")
    ),
    ("nested sources", (0..<5000).reduce(GrammarSource.text("a")) { source, _ in .sequence([source]) }),
    ("negative repetition", .repetition(.text("a"), minimum: -1, maximum: nil)),
    ("no alternatives", .alternatives([])), ("an empty trigger", .freeText([.init("", .text("a"))])),
  ]

  /// A definition that refers to the next one twice.
  private static func doubled(_ number: Int) -> String {
    let next = ##"{"$ref":"#/$defs/d\##(number + 1)"}"##
    return #""d\#(number)":{"allOf":[\#(next),\#(next)]}"#
  }

  @Test(.timeLimit(.minutes(10)), arguments: refused.indices)
  func `are refused`(index: Int) {
    let clock = ContinuousClock()
    var error: GrammarError?
    let time = clock.measure { error = refusal(Self.refused[index].source) }
    #expect(error != nil, "\(Self.refused[index].name)")
    #expect(time < .seconds(20), "\(Self.refused[index].name)")
  }

  @Test(.timeLimit(.minutes(10))) func `that are very ambiguous fail while they are matched`() throws {
    // Each letter may end any of the rules: the number of parses doubles with each.
    let rules = (0..<14).map {
      "r\($0) ::= \"a\" r\($0 + 1) \"b\"? | \"a\" r\($0 + 1) \"c\"? | \"a\" r\($0) \"d\"\n"
    }
    let grammar = try Grammar(.gbnf("root ::= r0\n" + rules.joined() + "r14 ::= \"a\" r14 | \"a\" \"e\"?\n"))
    let vocabulary = Vocabularies.random(["aaaaaaaaaaaaaaaa"], pieces: 50, seed: 1)
    var matcher = try GrammarMatcher(GrammarMasks(grammar, vocabulary))
    var mask = TokenMask(count: vocabulary.count)
    #expect(throws: GrammarError.self) {
      for _ in 0..<2000 {
        try matcher.mask(into: &mask)
        guard try matcher.accept(Array("a".utf8)) else { return }
      }
    }
  }

  @Test(.timeLimit(.minutes(10))) func `that nest without end fail at a depth`() throws {
    let vocabulary = Vocabularies.random(["[["], pieces: 5, seed: 1)
    var matcher = try GrammarMatcher(GrammarMasks(try Grammar(.jsonValue), vocabulary))
    let copy = matcher
    #expect(throws: GrammarError.self) { _ = try matcher.accept([UInt8](repeating: 0x5B, count: 100_000)) }
    // The matcher is as before.
    #expect(matcher.canEnd == copy.canEnd)
    #expect(try matcher.accept([UInt8](repeating: 0x5B, count: 500)))
  }

  @Test func `that repeat without end take no more memory`() throws {
    var matcher = try GrammarMatcher(
      GrammarMasks(
        try Grammar(.gbnf("root ::= \"ab\" root | \"c\"")), Vocabularies.random(["ab"], pieces: 5, seed: 1)))
    for _ in 0..<20_000 { #expect(try matcher.accept(Array("ab".utf8))) }
    #expect(try matcher.accept(Array("c".utf8)) && matcher.canEnd)
  }
}
