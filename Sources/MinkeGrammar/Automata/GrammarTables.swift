/// A compiled grammar: the states of all rules' automata in one table.
///
/// State 0 means failure. Bytes that no state tells apart are one class. A call is taken only where a byte
/// follows that its rule may begin with, so that whatever is reached can still become a whole text.
final class GrammarTables: Sendable {
  struct Call: Sendable {
    /// Where the called rule starts.
    let start: UInt32
    /// The caller's state afterwards; 0 if nothing remains of the caller, which then need not be kept.
    let target: UInt32
  }

  /// By byte.
  let classOf: [UInt8]
  let classCount: Int
  /// By state × `classCount` + class.
  private let next: [UInt32]
  /// By state: whether its rule may end there.
  let isAccepting: [Bool]
  /// By state: bytes that may come next in the rule and those that it calls.
  let first: [ByteSet]
  /// By state: where its calls begin in `calls`.
  private let callStarts: [UInt32]
  private let calls: [Call]
  /// The state in which a text starts.
  let root: UInt32

  var stateCount: Int { isAccepting.count }

  /// - Parameter rules: the numbers of the rules in use, the root first.
  init(_ automata: [Automaton], rules: [Int]) throws(GrammarError) {
    var starts = [UInt32](repeating: 0, count: automata.count)
    var total: UInt32 = 1
    for rule in rules {
      starts[rule] = total
      total += UInt32(automata[rule].states.count)
    }
    (classOf, classCount) = Self.classes(rules.map { automata[$0] })
    let count = Int(total)
    guard count * classCount <= GrammarLimits.transitions else {
      throw CompilationBudget.exceeded("transitions", GrammarLimits.transitions)
    }
    var next = [UInt32](repeating: 0, count: count * classCount)
    var isAccepting = [Bool](repeating: false, count: count)
    var callStarts: [UInt32] = [0, 0]
    var calls: [Call] = []
    for rule in rules {
      let states = automata[rule].states
      for (index, state) in states.enumerated() {
        let number = Int(starts[rule]) + index
        isAccepting[number] = state.isAccepting
        for edge in state.edges {
          let target = starts[rule] + UInt32(edge.target)
          let classes = classOf[Int(edge.bytes.lowerBound)]...classOf[Int(edge.bytes.upperBound)]
          for byteClass in classes { next[number * classCount + Int(byteClass)] = target }
        }
        for call in state.calls {
          let after = states[call.target]
          let nothingRemains = after.isAccepting && after.edges.isEmpty && after.calls.isEmpty
          let target = nothingRemains ? 0 : starts[rule] + UInt32(call.target)
          calls.append(Call(start: starts[call.rule], target: target))
        }
        callStarts.append(UInt32(calls.count))
      }
    }
    self.next = next
    self.isAccepting = isAccepting
    self.calls = calls
    self.callStarts = callStarts
    first = Self.firstBytes(automata, rules, starts: starts, count: count)
    root = starts[rules[0]]
  }

  func target(_ state: UInt32, _ byte: UInt8) -> UInt32 {
    next[Int(state) * classCount + Int(classOf[Int(byte)])]
  }

  func calls(of state: UInt32) -> ArraySlice<Call> {
    calls[Int(callStarts[Int(state)])..<Int(callStarts[Int(state) + 1])]
  }

  /// Whether anything may follow in the state's own rule.
  func continues(_ state: UInt32) -> Bool { first[Int(state)] != ByteSet() }

  /// Classes are intervals, cut wherever an edge begins or ends.
  private static func classes(_ automata: [Automaton]) -> (of: [UInt8], count: Int) {
    var cuts = ByteSet()
    for automaton in automata {
      for state in automaton.states {
        for edge in state.edges {
          if edge.bytes.lowerBound > 0 { cuts.insert(edge.bytes.lowerBound) }
          if edge.bytes.upperBound < 255 { cuts.insert(edge.bytes.upperBound + 1) }
        }
      }
    }
    var result: [UInt8] = []
    var number: UInt8 = 0
    for byte in 0...255 as ClosedRange<UInt8> {
      if cuts.contains(byte) { number += 1 }
      result.append(number)
    }
    return (result, Int(number) + 1)
  }

  /// Rules do not begin with themselves, so each is visited after those that it begins with.
  private static func firstBytes(
    _ automata: [Automaton], _ rules: [Int], starts: [UInt32], count: Int
  ) -> [ByteSet] {
    var result = [ByteSet](repeating: ByteSet(), count: count)
    var isDone = [Bool](repeating: false, count: automata.count)
    func bytes(_ state: Automaton.State) -> ByteSet {
      var set = ByteSet()
      for edge in state.edges { set.insert(edge.bytes) }
      for call in state.calls { set.formUnion(start(of: call.rule)) }
      return set
    }
    func start(of rule: Int) -> ByteSet {
      let index = Int(starts[rule])
      if !isDone[rule] {
        result[index] = bytes(automata[rule].states[0])
        isDone[rule] = true
      }
      return result[index]
    }
    for rule in rules {
      for (index, state) in automata[rule].states.enumerated() {
        result[Int(starts[rule]) + index] = bytes(state)
      }
    }
    return result
  }
}
