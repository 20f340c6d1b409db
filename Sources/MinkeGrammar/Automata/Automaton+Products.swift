extension Automaton {
  /// The automaton of an expression without rules.
  init(_ expression: Expression, budget: inout CompilationBudget) throws(GrammarError) {
    self = try Network(expression, budget: &budget).determinised(&budget).trimmed { _ in false }
  }

  /// What both match; neither has calls.
  func intersection(
    _ other: Automaton, _ budget: inout CompilationBudget
  ) throws(GrammarError) -> Automaton {
    try product(with: other, &budget, keepsAlone: false) { $0 && $1 }
  }

  /// What this one matches and the other does not; neither has calls.
  func subtracting(
    _ other: Automaton, _ budget: inout CompilationBudget
  ) throws(GrammarError) -> Automaton {
    try product(with: other, &budget, keepsAlone: true) { $0 && !$1 }
  }

  private struct Pair: Hashable {
    let left: Int
    /// Nil where the right automaton has failed.
    let right: Int?
  }

  private func product(
    with other: Automaton, _ budget: inout CompilationBudget, keepsAlone: Bool,
    accepts: (Bool, Bool) -> Bool
  ) throws(GrammarError) -> Automaton {
    var numbers = [Pair(left: 0, right: 0): 0]
    var pairs = [Pair(left: 0, right: 0)]
    var result: [State] = []
    func number(_ pair: Pair) throws(GrammarError) -> Int {
      if let known = numbers[pair] { return known }
      try budget.spendState()
      numbers[pair] = pairs.count
      pairs.append(pair)
      return pairs.count - 1
    }
    while result.count < pairs.count {
      let pair = pairs[result.count]
      let left = states[pair.left]
      let right = pair.right.map { other.states[$0] } ?? State()
      var state = State(isAccepting: accepts(left.isAccepting, right.isAccepting))
      for edge in left.edges {
        try budget.spendSteps(1 + right.edges.count)
        for piece in right.cut(edge.bytes) where keepsAlone || piece.target != nil {
          let target = try number(Pair(left: edge.target, right: piece.target))
          state.edges.append(ByteEdge(bytes: piece.bytes, target: target))
        }
      }
      result.append(state)
    }
    return Automaton(states: result).trimmed { _ in false }
  }
}

extension Automaton.State {
  /// The range cut into what leads to the same state; nil where no edge fits.
  fileprivate func cut(_ range: ClosedRange<UInt8>) -> [(bytes: ClosedRange<UInt8>, target: Int?)] {
    var pieces: [(bytes: ClosedRange<UInt8>, target: Int?)] = []
    var next = Int(range.lowerBound)
    for edge in edges where edge.bytes.overlaps(range) {
      let part = edge.bytes.clamped(to: range)
      if Int(part.lowerBound) > next { pieces.append((UInt8(next)...part.lowerBound - 1, nil)) }
      pieces.append((part, edge.target))
      next = Int(part.upperBound) + 1
    }
    if next <= Int(range.upperBound) { pieces.append((UInt8(next)...range.upperBound, nil)) }
    return pieces
  }
}
