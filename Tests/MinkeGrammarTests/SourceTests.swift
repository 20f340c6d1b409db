import MinkeGrammar
import Testing

@Suite struct `Sources` {
  @Test func `follow one another, as a tool call's do`() throws {
    let schema =
      #"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}"#
    let grammar = try Grammar(
      .sequence([
        .repetition(
          .sequence([.text("<tool_call>\n"), .jsonSchema(schema), .text("\n</tool_call>")]), minimum: 1,
          maximum: 2)
      ]))
    let call = "<tool_call>\n{\"city\": \"Zürich\"}\n</tool_call>"
    #expect(try matches(grammar, call))
    #expect(try matches(grammar, call + call))
    #expect(try !matches(grammar, call + call + call))
    #expect(try !matches(grammar, ""))
    #expect(try !matches(grammar, "<tool_call>\n{\"city\":1}\n</tool_call>"))
  }

  @Test func `let text be free until a trigger`() throws {
    let grammar = try Grammar(
      .freeText([
        .init("<tool_call>", .sequence([.jsonObject, .text("</tool_call>")])), .init("<<", .text("x")),
      ]))
    for text in [
      "", "Hello <tool", "a <tool_call>{}</tool_call> b <tool_call>{\"<<\":1}</tool_call>", "<<x<<x <",
    ] {
      #expect(try matches(grammar, text), "\(text)")
    }
    for text in ["<tool_call>", "<tool_call>x</tool_call>", "<tool_call>{}", "<<<", "a<<y"] {
      #expect(try !matches(grammar, text), "\(text)")
    }
  }

  @Test func `let text be free through a mark`() throws {
    let grammar = try Grammar(.sequence([.freeTextThrough(["</think>", "</t>"]), .jsonValue]))
    #expect(try matches(grammar, "</thin </</think>[1]"))
    #expect(try matches(grammar, "é</t>2"))
    #expect(try !matches(grammar, "</think>"))
    #expect(try !matches(grammar, "</think></think>1"))
  }

  @Test func `can be parts of one another and keep their rules apart`() throws {
    let grammar = try Grammar(
      .alternatives([
        .gbnf("root ::= a\na ::= \"x\""), .gbnf("root ::= a a\na ::= \"y\""), .choice(["z", "zz"]),
        .regex("w{3}"),
      ]))
    for text in ["x", "yy", "z", "zz", "www"] { #expect(try matches(grammar, text)) }
    for text in ["xx", "y", "zzz", "ww", ""] { #expect(try !matches(grammar, text)) }
  }

  @Test func `take any JSON, strictly`() throws {
    let grammar = try Grammar(.jsonValue)
    for text in [
      "0", "-0.5E+10", #""\u00e9\ud83d\ude00\/""#, "[]", "{}", "[ ]", #"{"a":{"b":[1, 2,{}]}}"#, "null",
      "\"é\u{7F}\"",
    ] { #expect(try matches(grammar, text), "\(text)") }
    for text in [
      "01", "+1", "1.", #""\ud83d""#, #""\udc00""#, #""\x""#, "[1,]", #"{"a":}"#, "nul", "", " 1", "\"\n\"",
      "{1:2}",
    ] {
      #expect(try !matches(grammar, text), "\(text)")
    }
    #expect(try !matches(Grammar(.jsonObject), "[]"))
  }
}
