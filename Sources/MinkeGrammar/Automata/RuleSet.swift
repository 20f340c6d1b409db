/// The rules of a grammar while its sources are read.
struct RuleSet {
  struct Rule {
    /// For messages.
    let name: String
    var expression = Expression.nothing
  }

  private(set) var rules: [Rule] = []
  /// Rules that several sources share, such as that of a JSON string.
  var shared: [String: Int] = [:]

  /// A new rule, which matches nothing until it is defined.
  mutating func declare(_ name: String) throws(GrammarError) -> Int {
    guard rules.count < GrammarLimits.rules else {
      throw CompilationBudget.exceeded("rules", GrammarLimits.rules)
    }
    rules.append(Rule(name: name))
    return rules.count - 1
  }

  mutating func define(_ rule: Int, as expression: Expression) { rules[rule].expression = expression }

  mutating func add(_ name: String, _ expression: Expression) throws(GrammarError) -> Int {
    let rule = try declare(name)
    define(rule, as: expression)
    return rule
  }
}
