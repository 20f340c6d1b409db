/// How much a grammar may need. Grammars and schemas come from clients: none may hang, exhaust memory or
/// overflow the stack, when it is compiled or when it is matched.
enum GrammarLimits {
  /// Bytes of a grammar, a schema or a regular expression.
  static let sourceBytes = 1 << 20
  /// Groups, schemas or JSON values inside one another.
  static let nesting = 100
  /// Rules of a grammar, those that a schema becomes included.
  static let rules = 1 << 13
  /// The greatest count in `{m,n}`, `maxLength` or `maxItems`.
  static let repetitions = 1 << 15
  /// States of all nondeterministic automata made for a grammar.
  static let networkStates = 1 << 18
  /// States of all deterministic automata made for a grammar.
  static let states = 1 << 16
  /// States × classes of bytes in a compiled grammar: entries of four bytes.
  static let transitions = 1 << 23
  /// Steps of all constructions of deterministic automata.
  static let compilation = 1 << 24
  /// Rules that may begin with one another, without a byte in between.
  static let leftCalls = 128
  /// Parses followed at the same time.
  static let stacks = 256
  /// Calls of rules inside one another when matching.
  static let stackDepth = 1024
  /// Calls of rules tried for one byte, and for one mask.
  static let callsPerByte = 1 << 12
  static let callsPerMask = 1 << 21
  /// Stacks kept while masks are computed.
  static let keptStacks = 1 << 19
  /// Alternatives that one schema becomes.
  static let alternatives = 256
  /// Bytes that masks kept for one grammar and vocabulary may take.
  static let maskBytes = 32 << 20
}

/// What constructing automata may still cost; shared by everything that is compiled for one grammar.
struct CompilationBudget {
  private var steps = GrammarLimits.compilation
  private var networkStates = GrammarLimits.networkStates
  private var states = GrammarLimits.states

  mutating func spendSteps(_ count: Int) throws(GrammarError) {
    steps -= count
    guard steps >= 0 else { throw Self.exceeded("steps of compilation", GrammarLimits.compilation) }
  }

  mutating func spendNetworkState() throws(GrammarError) {
    networkStates -= 1
    guard networkStates >= 0 else {
      throw Self.exceeded("states before determinisation", GrammarLimits.networkStates)
    }
  }

  mutating func spendState() throws(GrammarError) {
    states -= 1
    guard states >= 0 else { throw Self.exceeded("states", GrammarLimits.states) }
  }

  static func exceeded(_ what: String, _ limit: Int) -> GrammarError {
    GrammarError(
      at: "grammar", found: "a grammar too large: more than \(limit) \(what)",
      expected: "fewer or smaller repetitions and alternatives")
  }
}
