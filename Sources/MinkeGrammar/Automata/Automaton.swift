/// A deterministic automaton over bytes, some of whose edges call rules.
///
/// Of the byte edges of a state at most one fits a byte. Calls are not part of that: a state may have
/// several, and one rule may begin with bytes that another, or an edge, begins with too.
struct Automaton: Sendable {
  struct ByteEdge: Sendable, Equatable {
    let bytes: ClosedRange<UInt8>
    let target: Int
  }

  struct Call: Sendable, Hashable {
    let rule: Int
    /// The state after what the rule matches.
    let target: Int
  }

  struct State: Sendable {
    /// In the order of their bytes.
    var edges: [ByteEdge] = []
    var calls: [Call] = []
    var isAccepting = false

    func target(of byte: UInt8) -> Int? { edges.first { $0.bytes.contains(byte) }?.target }
  }

  /// State 0 is where a text starts.
  var states: [State]

  /// Whether the text matches; calls are not followed.
  func matches(_ text: some Sequence<UInt8>) -> Bool {
    var state = 0
    for byte in text {
      guard let target = states[state].target(of: byte) else { return false }
      state = target
    }
    return states[state].isAccepting
  }

  /// Whether no text matches; calls count as never matching.
  var isEmpty: Bool { !trimmed { _ in false }.states.contains { $0.isAccepting } }

  /// The same language without states that lead to no end; a call leads on if its rule can match at all.
  func trimmed(isProductive: (Int) -> Bool) -> Automaton {
    let isLive = liveStates(isProductive: isProductive)
    guard isLive[0] else { return Automaton(states: [State()]) }
    // Those that can be reached, in the order in which they are.
    var numbers = [0: 0]
    var order = [0]
    func number(_ state: Int) -> Int {
      if let known = numbers[state] { return known }
      numbers[state] = order.count
      order.append(state)
      return order.count - 1
    }
    var result: [State] = []
    var index = 0
    while index < order.count {
      let state = states[order[index]]
      index += 1
      result.append(
        State(
          edges: state.edges.filter { isLive[$0.target] }
            .map { ByteEdge(bytes: $0.bytes, target: number($0.target)) },
          calls: state.calls.filter { isLive[$0.target] && isProductive($0.rule) }
            .map { Call(rule: $0.rule, target: number($0.target)) },
          isAccepting: state.isAccepting))
    }
    return Automaton(states: result)
  }

  /// Per state, whether an end can be reached from it.
  func liveStates(isProductive: (Int) -> Bool) -> [Bool] {
    var sources = [[Int]](repeating: [], count: states.count)
    for (index, state) in states.enumerated() {
      for edge in state.edges { sources[edge.target].append(index) }
      for call in state.calls where isProductive(call.rule) { sources[call.target].append(index) }
    }
    var isLive = states.map(\.isAccepting)
    var pending = states.indices.filter { isLive[$0] }
    while let state = pending.popLast() {
      for source in sources[state] where !isLive[source] {
        isLive[source] = true
        pending.append(source)
      }
    }
    return isLive
  }
}
