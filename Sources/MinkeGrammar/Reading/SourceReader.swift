/// Reads sources into expressions over one set of rules.
struct SourceReader {
  var rules = RuleSet()
  var budget = CompilationBudget()

  mutating func expression(of source: GrammarSource, depth: Int) throws(GrammarError) -> Expression {
    guard depth < GrammarLimits.nesting else {
      throw GrammarError(
        at: "grammar", found: "sources nested deeper than \(GrammarLimits.nesting)", expected: "fewer levels")
    }
    switch source {
    case .text(let text):
      try Self.checkSize(text, "text")
      return .text(text)
    case .choice(let texts):
      for text in texts { try Self.checkSize(text, "choice") }
      guard !texts.isEmpty else { throw Self.empty("choice") }
      return .choice(texts.map(Expression.text))
    case .regex(let pattern):
      return try RegexParser.parse(pattern, place: "regular expression").anchored(searches: false)
    case .gbnf(let text):
      return .rule(try GBNFParser.root(of: text, &rules))
    case .jsonSchema(let text):
      try Self.checkSize(text, "JSON schema")
      return try SchemaLowering.expression(of: text, &rules, &budget)
    case .jsonObject:
      return .rule(try JSONRules.anyObject(&rules))
    case .jsonValue:
      return .rule(try JSONRules.anyValue(&rules))
    case .sequence(let parts):
      return .sequence(try expressions(of: parts, depth))
    case .alternatives(let parts):
      guard !parts.isEmpty else { throw Self.empty("alternatives") }
      return .choice(try expressions(of: parts, depth))
    case .repetition(let body, let minimum, let maximum):
      try Self.checkRepetition(minimum, maximum, place: "repetition")
      // A rule of its own, so that a body that is repeated often is compiled once.
      let rule = try rules.add("repetition", try expression(of: body, depth: depth + 1))
      return .repetition(.rule(rule), minimum: minimum, maximum: maximum)
    case .freeText(let triggers):
      var bodies: [Expression] = []
      for trigger in triggers { bodies.append(try expression(of: trigger.grammar, depth: depth + 1)) }
      let texts = TriggeredText(triggers.map { Array($0.text.utf8) })
      return .graph(try texts.graph(then: bodies))
    case .freeTextThrough(let texts):
      guard !texts.isEmpty else { throw Self.empty("freeTextThrough") }
      return .graph(try TriggeredText(texts.map { Array($0.utf8) }).graph(then: nil))
    }
  }

  private mutating func expressions(
    of parts: [GrammarSource], _ depth: Int
  ) throws(GrammarError) -> [Expression] {
    var result: [Expression] = []
    for part in parts { result.append(try expression(of: part, depth: depth + 1)) }
    return result
  }

  static func checkSize(_ text: String, _ place: String) throws(GrammarError) {
    guard text.utf8.count <= GrammarLimits.sourceBytes else {
      throw GrammarError(
        at: place, found: "\(text.utf8.count) bytes", expected: "at most \(GrammarLimits.sourceBytes)")
    }
  }

  static func checkRepetition(_ minimum: Int, _ maximum: Int?, place: String) throws(GrammarError) {
    let limit = GrammarLimits.repetitions
    guard (0...limit).contains(minimum), (0...limit).contains(maximum ?? 0), minimum <= maximum ?? minimum
    else {
      throw GrammarError(
        at: place, found: "a repetition of \(minimum) to \(maximum.map(String.init) ?? "any number")",
        expected: "counts in order, from 0 to \(limit)")
    }
  }

  private static func empty(_ what: String) -> GrammarError {
    GrammarError(at: what, found: "nothing", expected: "at least one")
  }
}
