import MinkeGrammar
import Testing

@Suite struct `JSON Schema` {
  @Test(arguments: [
    // Properties in the schema's order, then others.
    (
      #"{"properties":{"b":{"type":"null"},"a":{"type":"null"}},"type":"object"}"#,
      [#"{"b":null,"a":null}"#, #"{"a":null,"c":1}"#, "{}"],
      [#"{"a":null,"b":null}"#, #"{"a":1}"#, #"{"c":1,"a":null}"#]
    ),
    // A name in other escapes is the same name.
    (
      #"{"type":"object","properties":{"a":{"type":"null"}}}"#, [#"{"ab":1}"#, #"{"b":1}"#],
      [#"{"\u0061":1}"#, #"{"a":null,"a":1}"#]
    ),
    // Numbers are compared by digits.
    (
      #"{"type":"integer","minimum":-12,"exclusiveMaximum":105}"#, ["-12", "0", "-0", "104", "9"],
      ["-13", "105", "007", "1000", "-", "1.0", "1e1"]
    ),
    (
      #"{"type":"number","exclusiveMinimum":-0.5,"maximum":2.25}"#,
      ["-0.49", "2.25", "2.2500", "0", "-0.0", "1.999"], ["-0.5", "-0.50", "2.251", "3", "2.", ".5"]
    ),
    (
      #"{"type":"number","multipleOf":0.25,"maximum":10}"#, ["0.25", "9.750", "-3", "-100.5"],
      ["0.3", "10.25", "0.255"]
    ),
    (#"{"type":"integer","multipleOf":7}"#, ["0", "-7", "700007"], ["8", "71"]),
    // Strings, by characters.
    (
      #"{"type":"string","minLength":2,"maxLength":3}"#, [#""éé""#, #""a\n\"""#, #""😀😀😀""#],
      [#""é""#, #""abcd""#, #""ab"#]
    ),
    (#"{"type":"string","pattern":"b\"+$"}"#, [#""ab\"\"""#], [#""ab""#, #""b\"c""#]),
    // The lengths at the seams of pieces.
    (
      #"{"type":"string","minLength":64,"maxLength":193}"#,
      [length(64), length(127), length(128), length(192), length(193)], [length(63), length(194)]
    ),
    (
      #"{"type":"string","maxLength":128}"#, [length(0), length(63), length(64), length(65), length(128)],
      [length(129)]
    ),
    // Alternatives that differ late.
    (
      #"{"anyOf":[{"type":"object","properties":{"kind":{"const":"circle"},"r":{"type":"number"}},"required":["kind","r"],"additionalProperties":false},{"type":"object","properties":{"kind":{"const":"cube"},"a":{"type":"number"}},"required":["kind","a"],"additionalProperties":false}]}"#,
      [#"{"kind":"circle","r":1}"#, #"{ "kind": "cube", "a": 2 }"#], [#"{"kind":"circle","a":1}"#]
    ),
    (
      ##"{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["next"],"additionalProperties":false}"##,
      [#"{"next":{"next":{"next":null}}}"#], [#"{"next":{}}"#]
    ),
    (
      #"{"enum":[{"a":[1,"x"]},3,"é",null]}"#,
      [#"{"a":[1,"x"]}"#, #"{"a": [1, "x"]}"#, "3", #""é""#, "null"], [#"{"a":[1]}"#, "3.5", #""e\u0301""#]
    ),
    (
      #"{"type":"string","format":"date"}"#, [#""2024-02-29""#, #""2000-02-29""#, #""1999-12-31""#],
      [#""2023-02-29""#, #""1900-02-29""#, #""2024-04-31""#, #""2024-1-1""#]
    ),
    (
      #"{"type":"array","contains":{"type":"null"},"minContains":2,"maxItems":3}"#,
      ["[null,null]", "[null,1,null]"], ["[null]", "[null,null,1,1]", "[null,null,]"]
    ),
    // White space has an end.
    (#"{"type":"array"}"#, ["[ 1,\n  2 ]"], ["[  1]", "[\n\n1]", "[ ,]", "[1 ,2]"]),
  ])
  func `accepts what is valid and nothing else`(schema: String, valid: [String], invalid: [String]) throws {
    let grammar = try Grammar(.jsonSchema(schema))
    for text in valid { #expect(try matches(grammar, text), "\(text)") }
    for text in invalid { #expect(try !matches(grammar, text), "\(text)") }
  }

  /// A string literal of so many characters.
  private static func length(_ count: Int) -> String { "\"" + String(repeating: "é", count: count) + "\"" }

  @Test(arguments: [
    (#"{"properties":{"a":{"uniqueItems":true}}}"#, "#/properties/a/uniqueItems"),
    (#"{"if":{"type":"null"},"then":false}"#, "#/if"),
    (#"{"pattern":"(a|b)*a(a|b){30}"}"#, "#/pattern"),
    (#"{"oneOf":[{"type":"integer"},{"minimum":2}]}"#, "#/oneOf"), (#"{"not":{"minimum":2}}"#, "#/not"),
    (#"{"allOf":[{"format":"hostname"}]}"#, "#/allOf/0/format"), (#"{"minimun":3}"#, "#/minimun"),
    (#"{"items":[{}]}"#, "#/items"), (#"{"$ref":"other.json"}"#, "#/$ref"),
    (##"{"$ref":"#/$defs/x"}"##, "#/$ref"),
    (#"{"pattern":"(?=a)"}"#, "#/pattern"), (#"{"type":"text"}"#, "#/type"),
    (#"{"minLength":-1}"#, "#/minLength"),
    (#"{"maxItems":999999}"#, "#/maxItems"), (#"{"minProperties":2}"#, "#/minProperties"),
    (##"{"$defs":{"a":{"$id":"b"}},"$ref":"#/$defs/a"}"##, "#/$defs/a/$id"),
    (#"{"$schema":"http://x/y"}"#, "#/$schema"),
    (#"{"unevaluatedProperties":false,"allOf":[{}]}"#, "#/unevaluatedProperties"),
  ])
  func `names what it cannot express and where it stands`(schema: String, place: String) throws {
    let error = try #require(refusal(.jsonSchema(schema)))
    #expect(error.place == place, "\(error)")
  }

  @Test(arguments: ["{", #"{"a":1,"a":2}"#, "[1]", #""\ud800""#, "01", #"{"type":"string"} x"#, ""])
  func `refuses what is no JSON or no schema`(text: String) {
    #expect(refusal(.jsonSchema(text)) != nil)
  }

  /// Every text that masks lead to is JSON, and what this schema asks of it is easily checked.
  @Test(arguments: 0..<40 as Range<UInt64>) func `leads at random to valid documents`(seed: UInt64) throws {
    let schema = #"""
      {"type":"object","properties":{"id":{"type":"integer","minimum":10,"maximum":99},"list":{"type":"array","items":{"enum":["x",1]},"minItems":1}},
      "required":["list"],"patternProperties":{"^n":{"type":"null"}},"additionalProperties":{"type":["boolean","array"]}}
      """#
    let vocabulary = Vocabularies.random(
      [#"{"id": 42, "list": ["x", 1], "nb": null, "q": true, "r": [[]]}"#], pieces: 200, seed: seed)
    var matcher = try GrammarMatcher(GrammarMasks(try Grammar(.jsonSchema(schema)), vocabulary))
    var random = SeededGenerator(seed)
    var mask = TokenMask(count: vocabulary.count)
    var text: [UInt8] = []
    for _ in 0..<400 where !matcher.canEnd {
      try matcher.mask(into: &mask)
      // Mostly what is not a part of a character, and often what ends strings.
      let plain = mask.tokens.filter {
        vocabulary.bytes(of: $0)?.allSatisfy { (0x20...0x7E).contains($0) } ?? false
      }
      let marks = plain.filter {
        vocabulary.bytes(of: $0)?.first == 0x22 || vocabulary.bytes(of: $0)?.first == 0x7D
      }
      let choices =
        Bool.random(using: &random) && !marks.isEmpty ? marks : plain.isEmpty ? mask.tokens : plain
      let token = try #require(choices.randomElement(using: &random))
      #expect(try matcher.accept(token))
      text += vocabulary.bytes(of: token) ?? []
    }
    guard matcher.canEnd else { return }
    let value: JSONValue
    do throws(GrammarError) {
      value = try JSONParser.parse(String(decoding: text, as: UTF8.self))
    } catch {
      // Additional names may come twice; every value is valid.
      #expect(error.found.contains("second member"), "\(error)")
      return
    }
    guard case .array(let list)? = value["list"], case .object(let members) = value else {
      Issue.record("no list in \(String(decoding: text, as: UTF8.self))")
      return
    }
    #expect(!list.isEmpty && list.allSatisfy { $0.text == "x" || $0 == .number(JSONNumber(1)) })
    for (name, value) in members.entries where name.bytes.first == UInt8(ascii: "n") {
      #expect(value == .null)
    }
  }
}
