/// A language over bytes, in which rules may call one another: what every kind of source becomes.
indirect enum Expression: Sendable {
  /// These bytes.
  case bytes([UInt8])
  /// One character of the set, in UTF-8.
  case scalars(ScalarSet)
  /// One byte of the range.
  case byte(ClosedRange<UInt8>)
  case sequence([Expression])
  /// One of the alternatives; with none, nothing matches.
  case choice([Expression])
  /// `maximum` is nil where there is none.
  case repetition(Expression, minimum: Int, maximum: Int?)
  /// What the rule with this number matches.
  case rule(Int)
  case graph(Graph)
  case automaton(Automaton)

  /// The empty text.
  static let empty = Expression.sequence([])
  /// No text at all.
  static let nothing = Expression.choice([])

  static func text(_ text: String) -> Expression { .bytes(Array(text.utf8)) }
  static func optional(_ expression: Expression) -> Expression { .choice([expression, .empty]) }
  static func any(_ expression: Expression) -> Expression {
    .repetition(expression, minimum: 0, maximum: nil)
  }
  /// One of the characters of `text`.
  static func oneOf(_ text: String) -> Expression {
    .scalars(ScalarSet(text.unicodeScalars.map { $0.value...$0.value }))
  }

  /// A finite automaton whose edges are expressions.
  struct Graph: Sendable {
    struct Edge: Sendable {
      let source: Int
      let target: Int
      let expression: Expression
    }

    private(set) var edges: [Edge] = []
    private(set) var stateCount = 1
    /// The states in which the text may end; state 0 is where it starts.
    var accepting: [Int] = []

    /// A new state's number.
    mutating func state() -> Int {
      stateCount += 1
      return stateCount - 1
    }

    mutating func connect(_ source: Int, _ target: Int, _ expression: Expression = .empty) {
      edges.append(Edge(source: source, target: target, expression: expression))
    }
  }
}
