/// The rules of JSON texts as models write them, shared by all schemas of a grammar.
///
/// Between tokens of JSON nothing, a blank, or a new line with up to ``maximumIndent`` blanks may stand after
/// `{`, `[`, `,` and `:` and before `}` and `]`: what compact, spaced and indented output need, and no
/// more, so that a model cannot write white space for ever.
enum JSONRules {
  static let maximumIndent = 40

  static func space(_ rules: inout RuleSet) throws(GrammarError) -> Expression {
    try shared("JSON space", &rules) { _ in
      let blanks = Expression.repetition(.oneOf(" \t"), minimum: 0, maximum: maximumIndent)
      return .choice([.empty, .text(" "), .sequence([.text("\n"), blanks])])
    }
  }

  /// Any string, with any escapes except halves of surrogate pairs.
  static func string(_ rules: inout RuleSet) throws(GrammarError) -> Expression {
    try shared("JSON string", &rules) { _ in
      .sequence([.text("\""), .any(character), .text("\"")])
    }
  }

  static func number(_ rules: inout RuleSet) throws(GrammarError) -> Expression {
    try shared("JSON number", &rules) { _ in
      let exponent = Expression.sequence([.oneOf("eE"), .optional(.oneOf("+-")), digits])
      return .sequence([.optional(.text("-")), natural, .optional(fraction), .optional(exponent)])
    }
  }

  static func integer(_ rules: inout RuleSet) throws(GrammarError) -> Expression {
    try shared("JSON integer", &rules) { _ in .sequence([.optional(.text("-")), natural]) }
  }

  static func anyValue(_ rules: inout RuleSet) throws(GrammarError) -> Int {
    try defined("JSON value", &rules) { rules throws(GrammarError) in
      .choice([
        .rule(try anyObject(&rules)), .rule(try anyArray(&rules)), try string(&rules), try number(&rules),
        .text("true"), .text("false"), .text("null"),
      ])
    }
  }

  static func anyObject(_ rules: inout RuleSet) throws(GrammarError) -> Int {
    try defined("JSON object", &rules) { rules throws(GrammarError) in
      let space = try space(&rules)
      let member = Expression.sequence([
        try string(&rules), .text(":"), space, .rule(try anyValue(&rules)),
      ])
      return list(of: member, "{", "}", space)
    }
  }

  static func anyArray(_ rules: inout RuleSet) throws(GrammarError) -> Int {
    try defined("JSON array", &rules) { rules throws(GrammarError) in
      list(of: .rule(try anyValue(&rules)), "[", "]", try space(&rules))
    }
  }

  private static func list(
    of item: Expression, _ open: String, _ close: String, _ space: Expression
  ) -> Expression {
    let rest = Expression.any(.sequence([.text(","), space, item]))
    let content = Expression.sequence([item, rest, space])
    return .sequence([.text(open), space, .optional(content), .text(close)])
  }

  static let digits = Expression.repetition(.byte(0x30...0x39), minimum: 1, maximum: nil)
  static let natural = Expression.choice([
    .text("0"), .sequence([.byte(0x31...0x39), .any(.byte(0x30...0x39))]),
  ])
  static let fraction = Expression.sequence([.text("."), digits])

  /// One character of a string, in every way in which it can be written.
  private static let character: Expression = {
    let hex = Expression.oneOf("0123456789abcdefABCDEF")
    let basic = Expression.choice([
      .sequence([.oneOf("0123456789abcefABCEF"), hex, hex, hex]),
      .sequence([.oneOf("dD"), .oneOf("01234567"), hex, hex]),
    ])
    let pair = Expression.sequence([
      .oneOf("dD"), .oneOf("89abAB"), hex, hex, .text("\\u"), .oneOf("dD"), .oneOf("cdefCDEF"), hex, hex,
    ])
    return .choice([
      .scalars(JSONEscapes.plain), .sequence([.text("\\"), .oneOf("\"\\/bfnrt")]),
      .sequence([.text("\\u"), .choice([basic, pair])]),
    ])
  }()

  /// A rule that is made when it is first asked for; it may call itself.
  private static func defined(
    _ name: String, _ rules: inout RuleSet,
    _ body: (inout RuleSet) throws(GrammarError) -> Expression
  ) throws(GrammarError) -> Int {
    if let known = rules.shared[name] { return known }
    let rule = try rules.declare(name)
    rules.shared[name] = rule
    rules.define(rule, as: try body(&rules))
    return rule
  }

  private static func shared(
    _ name: String, _ rules: inout RuleSet,
    _ body: (inout RuleSet) throws(GrammarError) -> Expression
  ) throws(GrammarError) -> Expression {
    .rule(try defined(name, &rules, body))
  }
}
