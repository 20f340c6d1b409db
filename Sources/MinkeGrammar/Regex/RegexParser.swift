/// Reads regular expressions: what ECMA-262 and RE2 have in common, with ECMA-262's classes.
///
/// `\d` and `\w` are ASCII; `\s` is white space as ECMA-262 has it; `.` is all but line ends. Everything is
/// Unicode scalars. What is not regular (backreferences, lookaround) or depends on what is around (word
/// boundaries, anchors in the middle) is refused by name, and so are flags.
struct RegexParser {
  private var cursor: ScalarCursor

  /// - Parameter place: what the expression is, for messages.
  static func parse(_ pattern: String, place: String) throws(GrammarError) -> RegexTree {
    try SourceReader.checkSize(pattern, place)
    var parser = RegexParser(cursor: ScalarCursor(pattern, source: place))
    let tree = try parser.alternatives(depth: 0)
    guard parser.cursor.isAtEnd else {
      throw parser.cursor.error(found: "a ) without a (", expected: "the end")
    }
    return tree
  }

  private mutating func alternatives(depth: Int) throws(GrammarError) -> RegexTree {
    guard depth < GrammarLimits.nesting else {
      throw cursor.error(
        found: "groups nested deeper than \(GrammarLimits.nesting)", expected: "fewer levels")
    }
    var result = [try sequence(depth)]
    while cursor.take("|") { result.append(try sequence(depth)) }
    return result.count == 1 ? result[0] : .choice(result)
  }

  private mutating func sequence(_ depth: Int) throws(GrammarError) -> RegexTree {
    var parts: [RegexTree] = []
    while let scalar = cursor.next, scalar != "|", scalar != ")" {
      let atom = try self.atom(depth)
      parts.append(try quantified(atom))
    }
    return .sequence(parts)
  }

  private mutating func atom(_ depth: Int) throws(GrammarError) -> RegexTree {
    switch cursor.take() {
    case "^": return .start
    case "$": return .end
    case ".": return .scalars(RegexClasses.dot)
    case "(": return try group(depth)
    case "[":
      cursor.position -= 1
      return .scalars(try RegexClasses.bracket(&cursor))
    case "\\":
      cursor.position -= 1
      return try escape()
    case "*", "+", "?":
      cursor.position -= 1
      throw cursor.error(
        found: "a quantifier \(cursor.found) with nothing before it", expected: "an expression")
    case let scalar?: return .scalars(ScalarSet([scalar.value...scalar.value]))
    case nil: return .sequence([])
    }
  }

  private mutating func group(_ depth: Int) throws(GrammarError) -> RegexTree {
    if cursor.next == "?" {
      for (mark, name) in [
        ("?=", "lookahead (?="), ("?!", "lookahead (?!"), ("?<=", "lookbehind (?<="),
        ("?<!", "lookbehind (?<!"),
        ("?>", "an atomic group (?>"), ("?P=", "a backreference (?P="), ("?(", "a conditional (?("),
      ] where cursor.starts(with: mark) {
        throw cursor.error(found: name, expected: "a group without conditions on what is around")
      }
      if !cursor.take("?:") {
        guard cursor.take("?<") || cursor.take("?P<") else {
          throw cursor.error(found: "flags (?", expected: "a group (, (?: or (?<name>")
        }
        let name = cursor.take { $0 == "_" || $0.properties.isAlphabetic || $0.properties.numericType != nil }
        guard !name.isEmpty, cursor.take(">") else {
          throw cursor.error(found: cursor.found, expected: "a group's name and >")
        }
      }
    }
    let body = try alternatives(depth: depth + 1)
    guard cursor.take(")") else { throw cursor.error(found: cursor.found, expected: ")") }
    return body
  }

  private mutating func escape() throws(GrammarError) -> RegexTree {
    let start = cursor.position
    cursor.position += 1
    switch cursor.next {
    case "b", "B": throw cursor.error(found: "a word boundary \\\(cursor.found)", expected: "none")
    case let scalar? where scalar == "k" || ("1"..."9").contains(scalar):
      throw cursor.error(found: "a backreference \\\(cursor.found)", expected: "none")
    case "A":
      cursor.position += 1
      return .start
    case "z", "Z":
      cursor.position += 1
      return .end
    default:
      cursor.position = start
      return .scalars(try RegexClasses.escape(&cursor))
    }
  }

  private mutating func quantified(_ atom: RegexTree) throws(GrammarError) -> RegexTree {
    var result = atom
    var isQuantified = false
    while let (minimum, maximum) = try quantifier() {
      if isQuantified { throw cursor.error(found: "a quantifier after a quantifier", expected: "one") }
      isQuantified = true
      try checkRepetition(minimum, maximum)
      result = .repetition(result, minimum: minimum, maximum: maximum)
      // Lazy quantifiers match the same texts.
      if cursor.take("?") { continue }
      if cursor.next == "+" {
        throw cursor.error(found: "a possessive quantifier", expected: "a greedy or lazy one")
      }
    }
    return result
  }

  private func checkRepetition(_ minimum: Int, _ maximum: Int?) throws(GrammarError) {
    do {
      try SourceReader.checkRepetition(minimum, maximum, place: "")
    } catch {
      throw cursor.error(found: error.found, expected: error.expected)
    }
  }

  private mutating func quantifier() throws(GrammarError) -> (Int, Int?)? {
    if cursor.take("*") { return (0, nil) }
    if cursor.take("+") { return (1, nil) }
    if cursor.take("?") { return (0, 1) }
    guard cursor.next == "{" else { return nil }
    let start = cursor.position
    cursor.position += 1
    if let minimum = cursor.takeNumber() {
      if cursor.take("}") { return (minimum, minimum) }
      if cursor.take(",") {
        let maximum = cursor.takeNumber()
        if cursor.take("}") { return (minimum, maximum) }
      }
    }
    // A brace that begins no quantifier is itself.
    cursor.position = start
    return nil
  }
}
