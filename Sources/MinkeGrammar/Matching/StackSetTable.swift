/// A deterministic automaton whose states are sets of stacks, made as bytes are tried.
///
/// A grammar that calls rules has endlessly many such sets, but the few bytes of a token meet few of them,
/// so that walking over a vocabulary is looking up numbers.
struct StackSetTable {
  /// The number of the set that no parse is in. 0 means that a set is not known yet.
  static let dead: UInt32 = 1
  private static let capacity = 1 << 13

  let tables: GrammarTables
  private let classCount: Int
  private var sets: [StackSet]
  private var numbers: [StackSet: UInt32]
  private var stackCount = 0
  /// By set × classes + class.
  private var next: [UInt32]
  private(set) var reachesBottom: [Bool]
  /// By set its runway, once it is known.
  var runways: [UInt8?] = [nil, 0]
  /// The number of the set of one state, by state; 0 if it is not known yet.
  private var ofState: [UInt32]

  init(_ tables: GrammarTables) {
    self.tables = tables
    classCount = tables.classCount
    sets = [StackSet(), StackSet()]
    numbers = [StackSet(): Self.dead]
    next = Array(repeating: Self.dead, count: 2 * tables.classCount)
    reachesBottom = [false, false]
    ofState = Array(repeating: 0, count: tables.stateCount)
  }

  /// Whether it has grown so much that it should be made anew.
  var isFull: Bool {
    sets.count * classCount > Self.capacity * 64 || sets.count > Self.capacity
      || stackCount > GrammarLimits.keptStacks / 2
  }

  /// The set of the parse in this state with nothing known of what lies below.
  mutating func number(ofState state: UInt32) throws(GrammarError) -> UInt32 {
    guard ofState[Int(state)] == 0 else { return ofState[Int(state)] }
    let number = try number(of: StackSet(state, tables))
    ofState[Int(state)] = number
    return number
  }

  /// The set after one more byte.
  @inline(__always)
  mutating func target(
    _ set: UInt32, _ byteClass: UInt8, _ byte: UInt8, calls: inout Int
  ) throws(GrammarError) -> UInt32 {
    let known = next[Int(set) * classCount + Int(byteClass)]
    return known != 0 ? known : try find(set, byte, calls: &calls)
  }

  private mutating func find(
    _ set: UInt32, _ byte: UInt8, calls: inout Int
  ) throws(GrammarError) -> UInt32 {
    guard calls > 0 else { throw StackSet.ambiguous("calls of rules for a mask") }
    calls -= 1
    var number = try targetOfOnlyState(sets[Int(set)], byte)
    if number == nil { number = try targetOfStacks(set, byte, calls: &calls) }
    next[Int(set) * classCount + Int(tables.classOf[Int(byte)])] = number ?? Self.dead
    return number ?? Self.dead
  }

  /// Within one rule, which is most of all cases, no stacks need to be made.
  private mutating func targetOfOnlyState(
    _ set: StackSet, _ byte: UInt8
  ) throws(GrammarError) -> UInt32? {
    guard let stack = set.stacks.first, set.stacks.count == 1, stack.caller == nil,
      tables.calls(of: stack.state).isEmpty
    else { return nil }
    let target = tables.target(stack.state, byte)
    return target == 0 ? Self.dead : try number(ofState: target)
  }

  private mutating func targetOfStacks(
    _ set: UInt32, _ byte: UInt8, calls: inout Int
  ) throws(GrammarError) -> UInt32 {
    var allowance = min(calls, GrammarLimits.callsPerByte)
    calls -= allowance
    let target = try sets[Int(set)].advanced(byte, tables, calls: &allowance)
    calls += allowance
    return try number(of: target)
  }

  private mutating func number(of set: StackSet) throws(GrammarError) -> UInt32 {
    if let known = numbers[set] { return known }
    guard sets.count < Self.capacity * 8, stackCount < GrammarLimits.keptStacks else {
      throw StackSet.ambiguous("sets of parses for a mask")
    }
    let number = UInt32(sets.count)
    numbers[set] = number
    sets.append(set)
    stackCount += set.stacks.count
    reachesBottom.append(set.reachesBottom)
    runways.append(nil)
    next.append(contentsOf: repeatElement(0, count: tables.classCount))
    return number
  }
}
