/// Turns rules into tables: an automaton a rule, without rules that cannot match, without left recursion.
struct GrammarCompiler {
  private let names: [String]
  private var automata: [Automaton]

  static func tables(
    of set: RuleSet, root: Int, _ budget: inout CompilationBudget
  ) throws(GrammarError) -> GrammarTables {
    var compiler = try GrammarCompiler(set, &budget)
    try compiler.removeUnproductive(root: root)
    let reached = compiler.rulesReached(from: root)
    try compiler.checkLeftCalls(reached)
    return try GrammarTables(compiler.automata, rules: reached)
  }

  private init(_ set: RuleSet, _ budget: inout CompilationBudget) throws(GrammarError) {
    names = set.rules.map(\.name)
    var networks: [Network] = []
    for rule in set.rules { networks.append(try Network(rule.expression, budget: &budget)) }
    let isNullable = Self.nullableRules(networks)
    automata = []
    for index in networks.indices {
      networks[index].addEmpties(forNullable: isNullable)
      automata.append(try networks[index].determinised(&budget))
    }
  }

  /// The rules that match the empty text.
  private static func nullableRules(_ networks: [Network]) -> [Bool] {
    fixpoint(callers: callers(networks.map { $0.states.flatMap { $0.calls.map(\.rule) } })) {
      networks[$0].isNullable($1)
    }
  }

  /// By rule, those that call it.
  private static func callers(_ calls: [[Int]]) -> [[Int]] {
    var result = [[Int]](repeating: [], count: calls.count)
    for (rule, callees) in calls.enumerated() {
      for callee in Set(callees) { result[callee].append(rule) }
    }
    return result
  }

  /// The least set of rules that `holds` for, which may become true as more rules are in the set.
  private static func fixpoint(callers: [[Int]], _ holds: (Int, [Bool]) -> Bool) -> [Bool] {
    var result = [Bool](repeating: false, count: callers.count)
    var isPending = [Bool](repeating: true, count: callers.count)
    var pending = Array(callers.indices)
    while let rule = pending.popLast() {
      isPending[rule] = false
      guard !result[rule], holds(rule, result) else { continue }
      result[rule] = true
      for caller in callers[rule] where !result[caller] && !isPending[caller] {
        isPending[caller] = true
        pending.append(caller)
      }
    }
    return result
  }

  private mutating func removeUnproductive(root: Int) throws(GrammarError) {
    let calls = automata.map { $0.states.flatMap { $0.calls.map(\.rule) } }
    let isProductive = Self.fixpoint(callers: Self.callers(calls)) { [automata] rule, known in
      automata[rule].liveStates { known[$0] }[0]
    }
    guard isProductive[root] else {
      throw GrammarError(
        at: "grammar", found: "one that no finite text matches",
        expected: "one that some text matches")
    }
    automata = automata.map { $0.trimmed { isProductive[$0] } }
  }

  private func rulesReached(from root: Int) -> [Int] {
    var seen: Set = [root]
    var order = [root]
    var index = 0
    while index < order.count {
      for state in automata[order[index]].states {
        for call in state.calls where seen.insert(call.rule).inserted { order.append(call.rule) }
      }
      index += 1
    }
    return order
  }

  /// A rule that may begin with itself would be called for ever; a chain of rules that begin with one
  /// another takes a frame of the stack each.
  private func checkLeftCalls(_ rules: [Int]) throws(GrammarError) {
    var callers = [Int](repeating: 0, count: automata.count)
    let callees = Dictionary(
      uniqueKeysWithValues: rules.map { ($0, Set(automata[$0].states[0].calls.map(\.rule))) })
    for rule in rules { for callee in callees[rule] ?? [] { callers[callee] += 1 } }
    // In topological order; what is left over lies on a cycle or behind one.
    var ready = rules.filter { callers[$0] == 0 }
    var depth = [Int](repeating: 1, count: automata.count)
    var done = 0
    while let rule = ready.popLast() {
      done += 1
      guard depth[rule] <= GrammarLimits.leftCalls else {
        throw CompilationBudget.exceeded("rules that begin with one another", GrammarLimits.leftCalls)
      }
      for callee in callees[rule] ?? [] {
        depth[callee] = max(depth[callee], depth[rule] + 1)
        callers[callee] -= 1
        if callers[callee] == 0 { ready.append(callee) }
      }
    }
    guard done < rules.count else { return }
    let left = rules.filter { callers[$0] > 0 }
    let name = names[left.first { callees[$0]?.contains($0) == true } ?? cycleMember(left, callees)]
    throw GrammarError(
      at: name, found: "left recursion: \(name) may begin with itself",
      expected: "a rule that begins with something else, such as a repetition")
  }

  /// A rule on a cycle: where one gets by following calls for long enough.
  private func cycleMember(_ rules: [Int], _ callees: [Int: Set<Int>]) -> Int {
    let members = Set(rules)
    var callers: [Int: Int] = [:]
    for rule in rules {
      for callee in callees[rule] ?? [] where members.contains(callee) { callers[callee] = rule }
    }
    var rule = rules[0]
    for _ in rules { rule = callers[rule] ?? rule }
    return rule
  }
}
