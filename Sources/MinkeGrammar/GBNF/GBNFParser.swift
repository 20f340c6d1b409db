/// Reads grammars in llama.cpp's notation (its `grammars/README.md`) into rules.
///
/// Names may also hold `_`, and an alternative may begin on the next line. Tokens in angle brackets are refused:
/// a grammar is about text here.
struct GBNFParser {
  private var cursor: ScalarCursor
  private var numbers: [String: Int] = [:]
  /// Rules that were called but not yet defined, with where.
  private var undefined: [String: GrammarError] = [:]
  private var defined: Set<String> = []

  /// The number of the rule `root`.
  static func root(of text: String, _ rules: inout RuleSet) throws(GrammarError) -> Int {
    try SourceReader.checkSize(text, "GBNF grammar")
    var parser = GBNFParser(cursor: ScalarCursor(text, source: "GBNF grammar"))
    parser.skipSpace(newlines: true)
    while !parser.cursor.isAtEnd { try parser.rule(&rules) }
    if let error = parser.undefined.min(by: { $0.key < $1.key })?.value { throw error }
    guard parser.defined.contains("root"), let root = parser.numbers["root"] else {
      throw parser.cursor.error(found: "no rule root", expected: "root ::= …")
    }
    return root
  }

  private mutating func rule(_ rules: inout RuleSet) throws(GrammarError) {
    let name = try self.name()
    guard defined.insert(name).inserted else {
      throw cursor.error(found: "a second rule \(name)", expected: "one rule of a name")
    }
    undefined[name] = nil
    let number = try number(of: name, &rules)
    skipSpace(newlines: false)
    guard cursor.take("::=") else { throw cursor.error(found: cursor.found, expected: "::=") }
    skipSpace(newlines: true)
    rules.define(number, as: try alternatives(depth: 0, &rules))
    guard cursor.isAtEnd || cursor.take("\r\n") || cursor.take("\n") || cursor.take("\r") else {
      throw cursor.error(found: cursor.found, expected: "the end of the rule \(name)")
    }
    skipSpace(newlines: true)
  }

  private static func isName(_ scalar: Unicode.Scalar) -> Bool {
    RegexClasses.word.contains(scalar.value) || scalar == "-"
  }

  private mutating func name() throws(GrammarError) -> String {
    let name = cursor.take(while: Self.isName)
    guard !name.isEmpty else { throw cursor.error(found: cursor.found, expected: "a rule's name") }
    return name
  }

  private mutating func number(of name: String, _ rules: inout RuleSet) throws(GrammarError) -> Int {
    if let known = numbers[name] { return known }
    let number = try rules.declare("GBNF rule \(name)")
    numbers[name] = number
    return number
  }

  /// Skips blanks and comments.
  private mutating func skipSpace(newlines: Bool) {
    while let scalar = cursor.next {
      if scalar == "#" {
        _ = cursor.take { $0 != "\n" && $0 != "\r" }
      } else if scalar == " " || scalar == "\t" || newlines && (scalar == "\n" || scalar == "\r") {
        cursor.position += 1
      } else {
        return
      }
    }
  }

  private mutating func alternatives(
    depth: Int, _ rules: inout RuleSet
  ) throws(GrammarError) -> Expression {
    guard depth < GrammarLimits.nesting else {
      throw cursor.error(
        found: "groups nested deeper than \(GrammarLimits.nesting)", expected: "fewer levels")
    }
    var result = [try sequence(depth, &rules)]
    while takeBar() {
      skipSpace(newlines: true)
      result.append(try sequence(depth, &rules))
    }
    return result.count == 1 ? result[0] : .choice(result)
  }

  /// A bar, which may stand on the next line.
  private mutating func takeBar() -> Bool {
    let start = cursor.position
    skipSpace(newlines: true)
    if cursor.take("|") { return true }
    cursor.position = start
    return false
  }

  private mutating func sequence(
    _ depth: Int, _ rules: inout RuleSet
  ) throws(GrammarError) -> Expression {
    var parts: [Expression] = []
    while let part = try element(depth, &rules) {
      parts.append(try repeated(part))
      skipSpace(newlines: depth > 0)
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func element(
    _ depth: Int, _ rules: inout RuleSet
  ) throws(GrammarError) -> Expression? {
    switch cursor.next {
    case "\"":
      cursor.position += 1
      return try literal()
    case "[":
      return .scalars(try characterClass())
    case ".":
      cursor.position += 1
      return .scalars(.all)
    case "(":
      cursor.position += 1
      skipSpace(newlines: true)
      let body = try alternatives(depth: depth + 1, &rules)
      skipSpace(newlines: true)
      guard cursor.take(")") else { throw cursor.error(found: cursor.found, expected: ")") }
      return body
    case "<", "!":
      throw cursor.error(found: "a token \(cursor.found)", expected: "text: tokens are not supported")
    case let scalar? where Self.isName(scalar):
      let name = try self.name()
      if !defined.contains(name), undefined[name] == nil {
        undefined[name] = cursor.error(found: "the undefined rule \(name)", expected: "a rule of that name")
      }
      return .rule(try number(of: name, &rules))
    default:
      return nil
    }
  }

  private mutating func literal() throws(GrammarError) -> Expression {
    var text = String.UnicodeScalarView()
    while !cursor.take("\"") { text.append(try character()) }
    return .text(String(text))
  }

  private mutating func characterClass() throws(GrammarError) -> ScalarSet {
    cursor.position += 1
    let isNegated = cursor.take("^")
    var ranges: [ClosedRange<UInt32>] = []
    while !cursor.take("]") {
      let low = try character().value
      var high = low
      if cursor.next == "-", cursor.position + 1 < cursor.scalars.count,
        cursor.scalars[cursor.position + 1] != "]"
      {
        cursor.position += 1
        high = try character().value
      }
      guard low <= high else { throw cursor.error(found: "a range out of order", expected: "a-z") }
      ranges.append(low...high)
    }
    return isNegated ? ScalarSet(ranges).complement : ScalarSet(ranges)
  }

  /// One character of a literal or a class.
  private mutating func character() throws(GrammarError) -> Unicode.Scalar {
    guard let scalar = cursor.take() else {
      throw cursor.error(found: "the end", expected: "the end of a literal or class")
    }
    guard scalar == "\\" else { return scalar }
    let escape = cursor.take()
    switch escape {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "\\", "\"", "[", "]", "-", "^", "'", "/", ".": return escape ?? "\\"
    case "x", "u", "U":
      let digits = escape == "x" ? 2 : escape == "u" ? 4 : 8
      guard let value = cursor.takeHexadecimal(digits), let scalar = Unicode.Scalar(value) else {
        throw cursor.error(
          found: "an escape without \(digits) hexadecimal digits of a character", expected: "them")
      }
      return scalar
    default:
      throw cursor.error(
        found: "the escape \\\(escape.map(String.init) ?? "")",
        expected: #"\n \r \t \\ \" \[ \] \- \^ \x \u \U"#)
    }
  }

  private mutating func repeated(_ part: Expression) throws(GrammarError) -> Expression {
    var result = part
    var count = 0
    while let (minimum, maximum) = try repetition() {
      count += 1
      guard count <= 4 else { throw cursor.error(found: "many repetitions in a row", expected: "fewer") }
      result = .repetition(result, minimum: minimum, maximum: maximum)
    }
    return result
  }

  private mutating func repetition() throws(GrammarError) -> (Int, Int?)? {
    if cursor.take("*") { return (0, nil) }
    if cursor.take("+") { return (1, nil) }
    if cursor.take("?") { return (0, 1) }
    guard cursor.take("{") else { return nil }
    skipSpace(newlines: false)
    guard let minimum = cursor.takeNumber() else {
      throw cursor.error(found: cursor.found, expected: "{m}, {m,} or {m,n}")
    }
    skipSpace(newlines: false)
    var maximum: Int? = minimum
    if cursor.take(",") {
      skipSpace(newlines: false)
      maximum = cursor.takeNumber()
      skipSpace(newlines: false)
    }
    guard cursor.take("}") else { throw cursor.error(found: cursor.found, expected: "}") }
    do {
      try SourceReader.checkRepetition(minimum, maximum, place: "")
    } catch {
      throw cursor.error(found: error.found, expected: error.expected)
    }
    return (minimum, maximum)
  }
}
