/// A nondeterministic automaton of one rule (Thompson 1968): a step between an expression and an ``Automaton``.
struct Network {
  struct State {
    var edges: [Automaton.ByteEdge] = []
    var calls: [Automaton.Call] = []
    /// Where the empty text leads.
    var empties: [Int] = []
  }

  private(set) var states = [State(), State()]
  static let start = 0
  static let end = 1

  init(_ expression: Expression, budget: inout CompilationBudget) throws(GrammarError) {
    try build(expression, from: Self.start, to: Self.end, &budget)
  }

  /// Lets calls of rules that match the empty text be left out; calls themselves then need a byte.
  mutating func addEmpties(forNullable isNullable: [Bool]) {
    for index in states.indices {
      for call in states[index].calls where isNullable[call.rule] {
        states[index].empties.append(call.target)
      }
    }
  }

  /// Whether the empty text matches, where these rules do so.
  func isNullable(_ isNullable: [Bool]) -> Bool {
    var seen = [Bool](repeating: false, count: states.count)
    var pending = [Self.start]
    seen[Self.start] = true
    while let index = pending.popLast() {
      if index == Self.end { return true }
      let state = states[index]
      for target in state.empties + state.calls.filter({ isNullable[$0.rule] }).map(\.target)
      where !seen[target] {
        seen[target] = true
        pending.append(target)
      }
    }
    return false
  }

  private mutating func newState(_ budget: inout CompilationBudget) throws(GrammarError) -> Int {
    try budget.spendNetworkState()
    states.append(State())
    return states.count - 1
  }

  private mutating func build(
    _ expression: Expression, from start: Int, to end: Int, _ budget: inout CompilationBudget
  ) throws(GrammarError) {
    switch expression {
    case .bytes(let bytes):
      try chain(bytes.map { $0...$0 }, from: start, to: end, &budget)
    case .byte(let range):
      states[start].edges.append(.init(bytes: range, target: end))
    case .scalars(let set):
      try scalars(set, from: start, to: end, &budget)
    case .sequence(let parts):
      var state = start
      for (index, part) in parts.enumerated() {
        let next = index == parts.count - 1 ? end : try newState(&budget)
        try build(part, from: state, to: next, &budget)
        state = next
      }
      if parts.isEmpty { states[start].empties.append(end) }
    case .choice(let alternatives):
      for alternative in alternatives {
        // A way in of its own, as the alternative may come back to where it starts.
        let first = try newState(&budget)
        states[start].empties.append(first)
        try build(alternative, from: first, to: end, &budget)
      }
    case .repetition(let body, let minimum, let maximum):
      try repeated(body, minimum, maximum, from: start, to: end, &budget)
    case .rule(let rule):
      states[start].calls.append(.init(rule: rule, target: end))
    case .graph(let graph):
      var numbers: [Int] = []
      for _ in 0..<graph.stateCount { numbers.append(try newState(&budget)) }
      states[start].empties.append(numbers[0])
      for edge in graph.edges {
        try build(edge.expression, from: numbers[edge.source], to: numbers[edge.target], &budget)
      }
      for state in graph.accepting { states[numbers[state]].empties.append(end) }
    case .automaton(let automaton):
      try embed(automaton, from: start, to: end, &budget)
    }
  }

  private mutating func chain(
    _ ranges: [ClosedRange<UInt8>], from start: Int, to end: Int, _ budget: inout CompilationBudget
  ) throws(GrammarError) {
    var state = start
    for (index, range) in ranges.enumerated() {
      let next = index == ranges.count - 1 ? end : try newState(&budget)
      states[state].edges.append(.init(bytes: range, target: next))
      state = next
    }
    if ranges.isEmpty { states[start].empties.append(end) }
  }

  /// The sequences share their ends: `.` takes seven states.
  private mutating func scalars(
    _ set: ScalarSet, from start: Int, to end: Int, _ budget: inout CompilationBudget
  ) throws(GrammarError) {
    var tails: [ArraySlice<ClosedRange<UInt8>>: Int] = [[]: end]
    for sequence in set.utf8Sequences {
      var target = end
      for index in sequence.indices.reversed().dropLast() {
        let tail = sequence[index...]
        if let known = tails[tail] {
          target = known
        } else {
          let state = try newState(&budget)
          states[state].edges.append(.init(bytes: sequence[index], target: target))
          tails[tail] = state
          target = state
        }
      }
      states[start].edges.append(.init(bytes: sequence[0], target: target))
    }
  }

  private mutating func repeated(
    _ body: Expression, _ minimum: Int, _ maximum: Int?, from start: Int, to end: Int,
    _ budget: inout CompilationBudget
  ) throws(GrammarError) {
    // States of its own between the copies, as a body may start with a loop.
    var state = try newState(&budget)
    states[start].empties.append(state)
    for _ in 0..<minimum {
      let next = try newState(&budget)
      try build(body, from: state, to: next, &budget)
      state = next
    }
    guard let maximum else {
      try build(body, from: state, to: state, &budget)
      states[state].empties.append(end)
      return
    }
    for _ in minimum..<max(minimum, maximum) {
      let next = try newState(&budget)
      states[state].empties.append(end)
      try build(body, from: state, to: next, &budget)
      state = next
    }
    states[state].empties.append(end)
  }

  private mutating func embed(
    _ automaton: Automaton, from start: Int, to end: Int, _ budget: inout CompilationBudget
  ) throws(GrammarError) {
    var numbers: [Int] = []
    for _ in automaton.states { numbers.append(try newState(&budget)) }
    states[start].empties.append(numbers[0])
    for (index, state) in automaton.states.enumerated() {
      states[numbers[index]].edges = state.edges.map {
        .init(bytes: $0.bytes, target: numbers[$0.target])
      }
      states[numbers[index]].calls = state.calls.map { .init(rule: $0.rule, target: numbers[$0.target]) }
      if state.isAccepting { states[numbers[index]].empties.append(end) }
    }
  }
}
