extension SchemaLowering {
  /// Arrays: a graph over how many elements were written, as far as it matters, and how many of them are
  /// those that `contains` asks for.
  mutating func array(_ constraint: ArrayConstraint) throws(GrammarError) -> Expression {
    if constraint == ArrayConstraint() { return .rule(try JSONRules.anyArray(&rules)) }
    if let location = constraint.uniqueIn.first, constraint.maximum ?? 2 > 1 {
      throw location.unsupported("uniqueItems")
    }
    guard constraint.contains.count <= 1 else {
      throw SchemaLocation.containing(constraint.contains[1].schema).unsupported(
        "contains", "contains in two schemas at once")
    }
    var graph = ArrayGraph(constraint)
    let space = try JSONRules.space(&rules)
    let first = graph.place(index: 0, found: 0, isInside: false)
    // A state of its own, as before the first element the array may end, and after a comma it may not.
    let opened = graph.walk.state()
    graph.walk.connect(0, opened, .sequence([.text("["), space]))
    graph.walk.connect(opened, first)
    if graph.canClose(index: 0, found: 0) { graph.walk.connect(opened, graph.walk.end, .text("]")) }
    while let (state, place) = graph.walk.next() {
      guard !place.isInside else {
        if place.index < constraint.maximum ?? .max {
          let next = graph.place(index: place.index, found: place.found, isInside: false)
          graph.walk.connect(state, next, .sequence([.text(","), space]))
        }
        if graph.canClose(index: place.index, found: place.found) {
          graph.walk.connect(state, graph.walk.end, .sequence([space, .text("]")]))
        }
        continue
      }
      guard place.index < constraint.maximum ?? .max else { continue }
      let schemas = constraint.schemas(of: place.index)
      let after = graph.place(index: place.index + 1, found: place.found, isInside: true)
      graph.walk.connect(state, after, try expression(of: schemas))
      if let contains = constraint.contains.first, place.found < contains.minimum {
        let found = graph.place(index: place.index + 1, found: place.found + 1, isInside: true)
        graph.walk.connect(state, found, try expression(of: schemas + [contains.schema]))
      }
    }
    return .graph(graph.walk.graph)
  }
}

private struct ArrayGraph {
  struct Place: Hashable {
    let index: Int
    let found: Int
    /// After an element; otherwise before one.
    let isInside: Bool
  }

  let constraint: ArrayConstraint
  var walk = PlacedGraph<Place>()

  init(_ constraint: ArrayConstraint) { self.constraint = constraint }

  /// From this index on all elements are alike.
  private var last: Int {
    max(constraint.clauses.map(\.prefix.count).max() ?? 0, max(constraint.minimum, constraint.maximum ?? 0))
  }

  mutating func place(index: Int, found: Int, isInside: Bool) -> Int {
    walk.state(of: Place(index: min(index, last), found: found, isInside: isInside))
  }

  func canClose(index: Int, found: Int) -> Bool {
    index >= constraint.minimum && found >= constraint.contains.first?.minimum ?? 0
      && index <= constraint.maximum ?? index
  }
}

extension SchemaLocation {
  /// The schema whose keyword holds this one.
  static func containing(_ location: SchemaLocation) -> SchemaLocation {
    let end = location.pointer.bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0
    return SchemaLocation(pointer: JSONText(bytes: Array(location.pointer.bytes[..<end])))
  }
}
