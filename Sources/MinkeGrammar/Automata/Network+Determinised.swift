extension Network {
  /// The deterministic automaton, by the construction of subsets; a call is a symbol of its own.
  ///
  /// Pathological expressions have exponentially many subsets: `budget` ends that with an error.
  func determinised(_ budget: inout CompilationBudget) throws(GrammarError) -> Automaton {
    var subsets = Subsets(network: self)
    var result: [Automaton.State] = []
    _ = try subsets.number(of: [Self.start], &budget)
    while result.count < subsets.count {
      let members = subsets[result.count]
      var state = Automaton.State()
      state.isAccepting = members.contains(Self.end)
      state.edges = try edges(of: members, &subsets, &budget)
      var targets: [Int: [Int]] = [:]
      var order: [Int] = []
      for member in members {
        for call in states[member].calls {
          if targets[call.rule] == nil { order.append(call.rule) }
          targets[call.rule, default: []].append(call.target)
        }
      }
      for rule in order {
        let target = try subsets.number(of: targets[rule] ?? [], &budget)
        state.calls.append(.init(rule: rule, target: target))
      }
      result.append(state)
    }
    return Automaton(states: result)
  }

  /// The byte edges of a subset: the ranges of its members' edges, cut where one begins or ends.
  private func edges(
    of members: [Int], _ subsets: inout Subsets, _ budget: inout CompilationBudget
  ) throws(GrammarError) -> [Automaton.ByteEdge] {
    let all = members.flatMap { states[$0].edges }
    guard all.count > 1 else {
      guard let edge = all.first else { return [] }
      return [.init(bytes: edge.bytes, target: try subsets.number(of: [edge.target], &budget))]
    }
    var cuts = ByteSet()
    for edge in all {
      cuts.insert(edge.bytes.lowerBound)
      if edge.bytes.upperBound < 255 { cuts.insert(edge.bytes.upperBound + 1) }
    }
    let starts = cuts.bytes
    var buckets = [[Int]](repeating: [], count: starts.count)
    var bucketOf = [Int](repeating: 0, count: 256)
    for (index, start) in starts.enumerated() { bucketOf[Int(start)] = index }
    for edge in all {
      var bucket = bucketOf[Int(edge.bytes.lowerBound)]
      while bucket < starts.count, starts[bucket] <= edge.bytes.upperBound {
        try budget.spendSteps(1)
        buckets[bucket].append(edge.target)
        bucket += 1
      }
    }
    var result: [Automaton.ByteEdge] = []
    for (index, targets) in buckets.enumerated() where !targets.isEmpty {
      let last = index + 1 < starts.count ? starts[index + 1] - 1 : 255
      let target = try subsets.number(of: targets, &budget)
      if let previous = result.last, previous.target == target,
        previous.bytes.upperBound + 1 == starts[index]
      {
        result[result.count - 1] = .init(bytes: previous.bytes.lowerBound...last, target: target)
      } else {
        result.append(.init(bytes: starts[index]...last, target: target))
      }
    }
    return result
  }

  /// The subsets found so far, with what the empty text adds to each.
  private struct Subsets {
    private let network: Network
    private var numbers: [[Int]: Int] = [:]
    private var members: [[Int]] = []
    private var stamps: [Int]
    private var stamp = 0

    init(network: Network) {
      self.network = network
      stamps = Array(repeating: 0, count: network.states.count)
    }

    var count: Int { members.count }
    subscript(index: Int) -> [Int] { members[index] }

    mutating func number(of targets: [Int], _ budget: inout CompilationBudget) throws(GrammarError) -> Int {
      stamp += 1
      var pending = targets
      var subset: [Int] = []
      while let index = pending.popLast() {
        guard stamps[index] != stamp else { continue }
        stamps[index] = stamp
        let state = network.states[index]
        // Members that only pass on tell subsets apart that are the same.
        if index == Network.end || !state.edges.isEmpty || !state.calls.isEmpty { subset.append(index) }
        pending += state.empties
        try budget.spendSteps(1 + state.empties.count)
      }
      subset.sort()
      if let known = numbers[subset] { return known }
      try budget.spendState()
      numbers[subset] = members.count
      members.append(subset)
      return members.count - 1
    }
  }
}
