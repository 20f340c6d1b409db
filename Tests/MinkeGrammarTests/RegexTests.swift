import MinkeGrammar
import Testing

@Suite struct `Regular expressions` {
  @Test func `match what Python's re matches`() throws {
    guard case .array(let cases) = try JSONParser.parse(Golden.text("regex.json")) else {
      Issue.record("no cases")
      return
    }
    #expect(cases.count > 100)
    for value in cases {
      let pattern = value["pattern"]?.text ?? ""
      let grammar = try Grammar(.alternatives([.regex(pattern), .text("\u{1}never")]))
      for (name, isMatched) in [("matched", true), ("others", false)] as [(JSONText, Bool)] {
        guard case .array(let texts)? = value[name] else { continue }
        for text in texts.compactMap(\.text) {
          #expect(try matches(grammar, text) == isMatched, "\(pattern) and \(text)")
        }
      }
    }
  }

  @Test(arguments: [
    (#"(a)\1"#, "backreference"), (#"(?=a)b"#, "lookahead"), (#"(?!a)b"#, "lookahead"),
    (#"(?<=a)b"#, "lookbehind"), (#"(?<!a)b"#, "lookbehind"), (#"\bword\b"#, "word boundary"),
    (#"(?<a>x)\k<a>"#, "backreference"), (#"(?i)a"#, "flags"), (#"a*+"#, "possessive"), (#"(?>a)"#, "atomic"),
    (#"a^b"#, "anchor"), (#"(a$)*b"#, "anchor"), (#"(a"#, "the end"), (#"a)"#, "without a ("),
    (#"[a"#, "the end"),
    (#"[z-a]"#, "out of order"), (#"*a"#, "quantifier"), (#"a{3,2}"#, "3 to 2"), (#"\q"#, "escape"),
    (#"\p{Greek}"#, "property"), (#"\ud800"#, "surrogate"), (#"a{2}{3}"#, "after a quantifier"),
  ])
  func `refuse what is not regular or not known, by name`(pattern: String, name: String) throws {
    let error = try #require(refusal(.regex(pattern)))
    #expect(error.found.contains(name))
    #expect(error.place.contains("line 1") || error.place == "regular expression")
  }

  @Test func `know classes as ECMA-262 does`() throws {
    let white = try Grammar(.regex(#"\s"#))
    for scalar in ["\t", " ", "\u{A0}", "\u{FEFF}", "\u{2029}", "\u{3000}"] {
      #expect(try matches(white, scalar))
    }
    #expect(try !matches(white, "\u{200B}"))
    #expect(try !matches(Grammar(.regex(#"\d|\w"#)), "é"))
    #expect(try !matches(Grammar(.regex(".")), "\u{2028}"))
    #expect(try matches(Grammar(.regex(#"\p{Lu}\p{Letter}\P{L}\u{1F600}\cJ"#)), "Éñ1😀\n"))
  }

  @Test func `never match bytes that are not UTF-8`() throws {
    let grammar = try Grammar(.regex("[^a]*"))
    for bytes in [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0x80]] as [[UInt8]] {
      #expect(try !grammar.matches(bytes))
    }
    for scalar: UInt32 in [0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF] {
      #expect(try matches(grammar, String(try #require(Unicode.Scalar(scalar)))))
    }
  }
}

extension JSONValue {
  var text: String? { if case .string(let text) = self { "\(text)" } else { nil } }
}
