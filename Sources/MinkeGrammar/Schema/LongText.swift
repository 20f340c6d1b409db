/// Strings of some number of characters.
///
/// A character takes thirteen states. Where there are many, they are counted in pieces, which are rules that all
/// such strings share: of the two parses, one in a whole piece and one in a last piece, one remains.
enum LongText {
  /// The greatest `minLength` and `maxLength`.
  static let maximum = 1 << 18
  private static let piece = 64
  private static let mark = Expression.text("\"")
  private static let character = Expression.scalars(.all).escapedForJSON

  static func literal(
    _ minimum: Int, _ maximum: Int?, _ rules: inout RuleSet
  ) throws(GrammarError) -> Expression {
    guard minimum <= maximum ?? minimum else { return .nothing }
    let exactly = Expression.sequence([
      repeated(try whole(&rules), minimum / piece),
      repeated(character, minimum % piece),
    ])
    guard let maximum else { return .sequence([mark, exactly, .any(character), mark]) }
    return .sequence([mark, exactly, try upTo(maximum - minimum, &rules)])
  }

  private static func repeated(_ expression: Expression, _ count: Int) -> Expression {
    .repetition(expression, minimum: count, maximum: count)
  }

  private static func whole(_ rules: inout RuleSet) throws(GrammarError) -> Expression {
    try shared("\(piece) characters", repeated(character, piece), &rules)
  }

  /// Whole pieces, of which after each the string may end within the next. The last piece holds the quotation
  /// mark, as a rule that may end anywhere would leave all tokens open.
  private static func upTo(_ count: Int, _ rules: inout RuleSet) throws(GrammarError) -> Expression {
    let last = Expression.sequence([.repetition(character, minimum: 0, maximum: count % piece), mark])
    guard count >= piece else { return last }
    let part = Expression.sequence([.repetition(character, minimum: 0, maximum: piece - 1), mark])
    let rest = try shared("up to \(piece - 1) characters", part, &rules)
    let whole = try whole(&rules)
    var graph = Expression.Graph()
    let end = graph.state()
    var state = 0
    for _ in 0..<count / piece {
      let next = graph.state()
      graph.connect(state, end, rest)
      graph.connect(state, next, whole)
      state = next
    }
    graph.connect(state, end, last)
    graph.accepting = [end]
    return .graph(graph)
  }

  private static func shared(
    _ name: String, _ expression: Expression, _ rules: inout RuleSet
  ) throws(GrammarError) -> Expression {
    if let known = rules.shared[name] { return .rule(known) }
    let rule = try rules.add(name, expression)
    rules.shared[name] = rule
    return .rule(rule)
  }
}
