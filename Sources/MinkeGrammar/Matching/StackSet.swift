/// Rules that wait for those they called, the innermost first. Frames are shared between stacks.
final class StackFrame: Sendable {
  /// Where the caller goes on.
  let state: UInt32
  let caller: StackFrame?
  let depth: Int
  private let digest: Int

  init(_ state: UInt32, _ caller: StackFrame?) {
    self.state = state
    self.caller = caller
    depth = (caller?.depth ?? 0) + 1
    digest = (caller?.digest ?? 0) &* 0x9E37_79B9 &+ Int(state)
  }

  static func digest(_ frame: StackFrame?) -> Int { frame?.digest ?? 0 }

  static func equal(_ left: StackFrame?, _ right: StackFrame?) -> Bool {
    var (left, right) = (left, right)
    while let one = left, let other = right {
      if one === other { return true }
      guard one.digest == other.digest, one.depth == other.depth, one.state == other.state else {
        return false
      }
      (left, right) = (one.caller, other.caller)
    }
    return left == nil && right == nil
  }
}

/// All parses of what was read: a set of stacks, each a state and the frames below it.
///
/// Stacks are kept where a byte can follow. A rule that may end is left at once, so a set also holds the
/// stacks of its callers; if all rules of a stack may end, `reachesBottom` says so. The bottom is the end of
/// the grammar, or, when masks are computed, whatever lies below and is looked at later.
struct StackSet: Hashable, Sendable {
  struct Stack: Hashable, Sendable {
    let state: UInt32
    let caller: StackFrame?

    static func == (left: Stack, right: Stack) -> Bool {
      left.state == right.state && StackFrame.equal(left.caller, right.caller)
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(state)
      hasher.combine(StackFrame.digest(caller))
    }
  }

  private(set) var stacks: [Stack] = []
  private(set) var reachesBottom = false

  /// No parse is left.
  var isDead: Bool { stacks.isEmpty && !reachesBottom }

  init() {}

  /// A parse that is in `state` with nothing below it.
  init(_ state: UInt32, _ tables: GrammarTables) throws(GrammarError) {
    try add(state, nil, tables)
  }

  /// The bytes that may come next.
  func nextBytes(_ tables: GrammarTables) -> ByteSet {
    var result = ByteSet()
    for stack in stacks { result.formUnion(tables.first[Int(stack.state)]) }
    return result
  }

  /// The parses after one more byte.
  ///
  /// - Parameter calls: how many calls of rules may be tried; they are taken off.
  func advanced(
    _ byte: UInt8, _ tables: GrammarTables, calls: inout Int
  ) throws(GrammarError) -> StackSet {
    var result = StackSet()
    for stack in stacks where tables.first[Int(stack.state)].contains(byte) {
      try Self.advance(stack.state, stack.caller, byte, tables, &calls, into: &result)
    }
    return result
  }

  private static func advance(
    _ state: UInt32, _ caller: StackFrame?, _ byte: UInt8, _ tables: GrammarTables, _ calls: inout Int,
    into result: inout StackSet
  ) throws(GrammarError) {
    let target = tables.target(state, byte)
    if target != 0 { try result.add(target, caller, tables) }
    for call in tables.calls(of: state) where tables.first[Int(call.start)].contains(byte) {
      calls -= 1
      guard calls >= 0 else { throw ambiguous("calls of rules for a byte") }
      let frame = call.target == 0 ? caller : StackFrame(call.target, caller)
      guard (frame?.depth ?? 0) <= GrammarLimits.stackDepth else {
        throw GrammarError(
          at: "matching", found: "more than \(GrammarLimits.stackDepth) rules inside one another",
          expected: "fewer")
      }
      try advance(call.start, frame, byte, tables, &calls, into: &result)
    }
  }

  /// Adds a stack, and those of the callers if its rule may end.
  private mutating func add(
    _ state: UInt32, _ caller: StackFrame?, _ tables: GrammarTables
  ) throws(GrammarError) {
    var (state, caller) = (state, caller)
    while true {
      if tables.continues(state) {
        let stack = Stack(state: state, caller: caller)
        // Its callers were added with it.
        if stacks.contains(stack) { return }
        guard stacks.count < GrammarLimits.stacks else { throw Self.ambiguous("parses at once") }
        stacks.append(stack)
      }
      guard tables.isAccepting[Int(state)] else { return }
      guard let frame = caller else {
        reachesBottom = true
        return
      }
      (state, caller) = (frame.state, frame.caller)
    }
  }

  static func ambiguous(_ what: String) -> GrammarError {
    GrammarError(
      at: "matching", found: "a grammar that leaves too much open: too many \(what)",
      expected: "alternatives that differ early")
  }
}
