extension SchemaLowering {
  /// Objects: a graph over the properties in the schema's order, then any number of additional ones, and, if
  /// it matters, over how many were written.
  mutating func object(_ constraint: ObjectConstraint) throws(GrammarError) -> Expression {
    if constraint == ObjectConstraint() { return .rule(try JSONRules.anyObject(&rules)) }
    guard let members = try members(of: constraint) else { return .nothing }
    var graph = ObjectGraph(members, constraint)
    let space = try JSONRules.space(&rules)
    let first = ObjectGraph.Place(index: 0, written: 0, distinct: 0, isInside: false)
    let opened = graph.walk.state()
    graph.walk.connect(0, opened, .sequence([.text("{"), space]))
    graph.walk.connect(opened, graph.walk.state(of: first))
    if graph.canClose(first) { graph.walk.connect(opened, graph.walk.end, .text("}")) }
    while let (state, place) = graph.walk.next() {
      if place.isInside {
        var next = place
        next.isInside = false
        graph.walk.connect(state, graph.walk.state(of: next), .sequence([.text(","), space]))
        if graph.canClose(place) {
          graph.walk.connect(state, graph.walk.end, .sequence([space, .text("}")]))
        }
      } else if graph.mayWriteMore(place) {
        if place.index < members.listed.count {
          let member = members.listed[place.index]
          graph.walk.connect(state, graph.walk.state(of: place.afterListed(graph)), member.expression)
          if !member.isRequired { graph.walk.connect(state, graph.walk.state(of: place.skipping)) }
        } else {
          for expression in members.additional {
            graph.walk.connect(
              state, graph.walk.state(of: place.afterAdditional(graph, listed: members.listed.count)),
              expression)
          }
        }
      }
    }
    return .graph(graph.walk.graph)
  }

  /// What the members are written as; nil if there is no such object.
  private mutating func members(of constraint: ObjectConstraint) throws(GrammarError) -> ObjectMembers? {
    let space = try JSONRules.space(&rules)
    let required = Set(constraint.required.map(\.value))
    var names: [JSONText] = []
    var seen: Set<JSONText> = []
    for name in constraint.clauses.flatMap(\.properties) + constraint.required.map(\.value)
    where seen.insert(name).inserted { names.append(name) }
    var result = ObjectMembers()
    for name in names {
      let schemas = try reader.schemas(of: name, in: constraint)
      let isRequired = required.contains(name)
      guard !constraint.forbidden.contains(name),
        try reader.admits(constraint.names, .string(name), depth: 0),
        try !reader.shapes(of: schemas).isEmpty
      else {
        if isRequired { return nil }
        continue
      }
      result.listed.append(
        .init(
          expression: .sequence([
            .bytes(JSONEscapes.literal(name)), .text(":"), space, try expression(of: schemas),
          ]), isRequired: isRequired))
    }
    result.additional = try additional(constraint, listed: names + constraint.forbidden, space)
    if let minimum = constraint.minimum, !result.additional.isEmpty,
      minimum.value > result.listed.filter(\.isRequired).count + 1
    {
      // Two additional members may have the same name.
      throw minimum.schema.unsupported(minimum.keyword, "minProperties that free names would have to reach")
    }
    return result
  }

  /// The additional members, by which patterns their names match.
  private mutating func additional(
    _ constraint: ObjectConstraint, listed: [JSONText], _ space: Expression
  ) throws(GrammarError) -> [Expression] {
    var patterns: [Cited<JSONText>] = []
    for pattern in constraint.clauses.flatMap(\.patterns)
    where !patterns.contains(where: { $0.value == pattern.value }) { patterns.append(pattern) }
    guard patterns.count <= 6 else {
      throw patterns[6].schema.unsupported("patternProperties", "more than 6 patterns")
    }
    var result: [Expression] = []
    for subset in 0..<1 << patterns.count {
      let matched = Set(patterns.indices.filter { subset >> $0 & 1 != 0 }.map { patterns[$0].value })
      var schemas: [SchemaLocation] = []
      for clause in constraint.clauses {
        let fitting = clause.patterns.filter { matched.contains($0.value) }
        schemas += fitting.map { $0.schema.appending("patternProperties").appending($0.value) }
        if fitting.isEmpty, let additional = clause.additional { schemas.append(additional) }
      }
      guard try !reader.shapes(of: schemas).isEmpty,
        let name = try name(constraint, listed: listed, patterns, matched)
      else { continue }
      result.append(.sequence([name, .text(":"), space, try expression(of: schemas)]))
    }
    return result
  }

  /// The names that are not listed, match some of the patterns and no others; nil if there are none.
  private mutating func name(
    _ constraint: ObjectConstraint, listed: [JSONText], _ patterns: [Cited<JSONText>],
    _ matched: Set<JSONText>
  ) throws(GrammarError) -> Expression? {
    if constraint.names.isEmpty, listed.isEmpty, patterns.isEmpty { return try JSONRules.string(&rules) }
    var automaton = try reader.anyContent()
    for pattern in patterns {
      let other = try reader.automaton(ofPattern: pattern)
      automaton =
        matched.contains(pattern.value)
        ? try automaton.intersection(other, &reader.budget)
        : try automaton.subtracting(other, &reader.budget)
    }
    if !constraint.names.isEmpty {
      var contents: [Expression] = []
      for shape in try reader.shapes(of: constraint.names) where shape.types.contains(.string) {
        let content = try reader.content(of: shape)
        contents.append(content ?? .anyContent)
      }
      let allowed = try Automaton(.choice(contents), budget: &reader.budget)
      automaton = try automaton.intersection(allowed, &reader.budget)
    }
    let others = Expression.choice(listed.map { .bytes(JSONEscapes.content($0)) })
    automaton = try automaton.subtracting(
      Automaton(others, budget: &reader.budget), &reader.budget)
    guard !automaton.isEmpty else { return nil }
    return .sequence([.text("\""), .automaton(automaton), .text("\"")])
  }
}

/// What the members of an object are written as.
private struct ObjectMembers {
  struct Listed {
    let expression: Expression
    let isRequired: Bool
  }

  var listed: [Listed] = []
  var additional: [Expression] = []
}

private struct ObjectGraph {
  struct Place: Hashable {
    /// The next property; after all of them 1 more than their number if an additional one was written.
    var index: Int
    /// How many members were written, if there is a maximum.
    var written: Int
    /// How many with names that certainly differ, up to the minimum.
    var distinct: Int
    /// After a member; otherwise before one.
    var isInside: Bool

    var skipping: Place { Place(index: index + 1, written: written, distinct: distinct, isInside: false) }

    func afterListed(_ graph: ObjectGraph) -> Place {
      Place(
        index: index + 1, written: graph.maximum == nil ? 0 : written + 1,
        distinct: min(distinct + 1, graph.minimum), isInside: true)
    }

    func afterAdditional(_ graph: ObjectGraph, listed: Int) -> Place {
      Place(
        index: listed + 1, written: graph.maximum == nil ? 0 : written + 1,
        distinct: index > listed ? distinct : min(distinct + 1, graph.minimum), isInside: true)
    }
  }

  var walk = PlacedGraph<Place>()
  fileprivate let minimum: Int
  fileprivate let maximum: Int?
  /// From which property on all may be left out.
  private let optionalFrom: Int

  init(_ members: ObjectMembers, _ constraint: ObjectConstraint) {
    minimum = constraint.minimum?.value ?? 0
    maximum = constraint.maximum
    optionalFrom = (members.listed.lastIndex { $0.isRequired } ?? -1) + 1
  }

  func mayWriteMore(_ place: Place) -> Bool { maximum.map { place.written < $0 } ?? true }

  func canClose(_ place: Place) -> Bool {
    place.index >= optionalFrom && place.distinct >= minimum
  }
}
