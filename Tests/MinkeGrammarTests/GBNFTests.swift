import MinkeGrammar
import Testing

@Suite struct `GBNF` {
  @Test func `reads rules as llama.cpp's README has them`() throws {
    let chess = try Grammar(
      .gbnf(
        #"""
        # Specifies chess moves as a list in algebraic notation, using PGN conventions

        # Force first move to "1. ", then any 1-2 digit number after, relying on model to follow the pattern
        root    ::= "1. " move " " move "\n" ([1-9] [0-9]? ". " move " " move "\n")+
        move    ::= (pawn | nonpawn | castle) [+#]?

        # piece type, optional file/rank, optional capture, dest file & rank
        nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]

        # optional file & capture, dest file & rank, optional promotion
        pawn    ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?

        castle  ::= "O-O" "-O"?
        """#))
    #expect(try matches(chess, "1. e4 e5\n2. Nf3 Nc6\n3. O-O exd4\n"))
    #expect(try !matches(chess, "1. e4 e5\n"))
    #expect(try !matches(chess, "1. e4 e9\n2. Nf3 Nc6\n"))
  }

  @Test(arguments: [
    (#"root ::= "a\n\t\r\"\\\x41\u00e9\U0001F600""#, "a\n\t\r\"\\Aé😀", "a"),
    (#"root ::= [^\]\\a-c\x00-\x1f] [-x] [\-^] "#, "é-^", "a-^"),
    ("root ::= .", "\n", ""),
    ("root ::= a | b\na ::= \"x\"\nb ::= \"y\" # and no more", "y", "z"),
    ("root ::= (\n  \"a\" |\n  # why not\n  \"b\"\n)+\n", "abba", "abc"),
    ("root ::= \"a\"\n  | \"b\"\n\n\nother ::= \"c\"", "b", "c"),
    ("root ::= \"a\"{2}", "aa", "aaa"), ("root ::= [ab]{1,}", "abab", ""),
    ("root ::= \"ab\"{0,2} \"c\"", "ababc", "abababc"), ("root ::= \"a\"{ 1 , 2 }?", "", "aaa"),
    ("root ::= \"\" \"a\"?", "", "b"), ("root ::= (\"a\" | ) \"b\"", "b", "a"),
    ("root ::= x-1_y\r\nx-1_y ::= \"k\"\r\n", "k", "x"),
    ("root ::= \"(\" root \")\" | \"\"", "((()))", "(()"),
    ("root ::= [0-9] root | [0-9]", "0123456789", ""),
    ("root ::= empty empty \"a\" empty\nempty ::= \"b\"?", "bbab", "bbb"),
  ])
  func `reads what the notation allows`(grammar: String, text: String, other: String) throws {
    let grammar = try Grammar(.gbnf(grammar))
    #expect(try matches(grammar, text))
    #expect(try !matches(grammar, other))
  }

  @Test(arguments: [
    ("", "no rule root"), ("a ::= \"b\"", "no rule root"), ("root ::= x", "undefined rule x"),
    ("root ::= \"a", "the end"), ("root ::= [a", "the end"), ("root ::= (\"a\"", "the end"),
    ("root ::= \"a\" )", "')'"), ("root = \"a\"", "'='"),
    ("root ::= \"a\"\nroot ::= \"b\"", "second rule root"),
    ("root ::= \"\\q\"", "escape \\q"), ("root ::= [z-a]", "out of order"), ("root ::= \"a\"{", "the end"),
    ("root ::= \"a\"{3,1}", "3 to 1"), ("root ::= \"\\ud800\"", "4 hexadecimal"),
    ("root ::= <think>", "token"),
    ("root ::= root \"a\" | \"a\"", "left recursion"),
    ("root ::= a\na ::= b \"x\"\nb ::= \"y\"? a | \"z\"", "left recursion"),
    ("root ::= \"a\" root", "no finite text"), ("root ::= \"a\" | +", "'+'"),
  ])
  func `refuses what is wrong, and says where`(grammar: String, found: String) throws {
    let error = try #require(refusal(.gbnf(grammar)))
    #expect(error.found.contains(found), "\(error)")
  }
}
