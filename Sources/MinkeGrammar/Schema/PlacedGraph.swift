/// A graph whose states are places in a text that is being written. A place gets its state when it is first named, and comes
/// up once to be connected to what may follow.
struct PlacedGraph<Place: Hashable> {
  private(set) var graph = Expression.Graph()
  /// Where the text is complete.
  let end: Int
  private var states: [Place: Int] = [:]
  private var pending: [(state: Int, place: Place)] = []

  init() {
    end = graph.state()
    graph.accepting = [end]
  }

  /// A new state that is no place.
  mutating func state() -> Int { graph.state() }

  mutating func state(of place: Place) -> Int {
    if let known = states[place] { return known }
    let state = graph.state()
    states[place] = state
    pending.append((state, place))
    return state
  }

  mutating func connect(_ source: Int, _ target: Int, _ expression: Expression = .empty) {
    graph.connect(source, target, expression)
  }

  /// A place that was named and has not come up yet.
  mutating func next() -> (state: Int, place: Place)? { pending.popLast() }
}
