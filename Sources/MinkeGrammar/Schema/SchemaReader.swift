/// Reads schemas into shapes: a value is valid if it fits one of them.
struct SchemaReader {
  let document: SchemaDocument
  var budget: CompilationBudget
  private var known: [Set<SchemaLocation>: [Shape]] = [:]
  /// Automata of patterns and of what strings may hold, by what they were made from.
  var automata: [StringKey: Automaton] = [:]

  init(_ document: SchemaDocument, budget: CompilationBudget) {
    self.document = document
    self.budget = budget
  }

  /// The shapes of the values that are valid under all these schemas; every value's, if there are none.
  mutating func shapes(of locations: [SchemaLocation]) throws(GrammarError) -> [Shape] {
    let key = Set(locations)
    if let shapes = known[key] { return shapes }
    var shapes = [Shape.any]
    for location in locations { shapes = try conjoin(shapes, location, trail: []) }
    known[key] = shapes
    return shapes
  }

  /// The shapes that also assert what the schema does.
  ///
  /// - Parameter trail: the schemas that led here without going into a value.
  mutating func conjoin(
    _ shapes: [Shape], _ location: SchemaLocation, trail: [SchemaLocation]
  ) throws(GrammarError) -> [Shape] {
    try budget.spendSteps(64 + 16 * shapes.count)
    guard !trail.contains(location) else {
      throw (trail.last ?? location).unsupported("$ref", "a reference that leads back to itself")
    }
    guard trail.count < GrammarLimits.nesting else {
      throw location.unsupported("$ref", "more than \(GrammarLimits.nesting) schemas inside one another")
    }
    let members: JSONMembers
    switch try document.schema(at: location) {
    case .bool(true): return shapes
    case .object(let object): members = object
    default: return []
    }
    let trail = trail + [location]
    let own = try KeywordReader(members, location).shape()
    var result = shapes.compactMap { shape in
      let both = shape.intersection(own)
      return both.types.isEmpty || both.values?.isEmpty == true ? nil : both
    }
    if let reference = members["$ref"] {
      guard case .string(let text) = reference else {
        throw location.error("$ref", found: reference.kind, expected: "a string")
      }
      result = try conjoin(result, try document.target(of: text, at: location), trail: trail)
    }
    for branch in try branches(members, "allOf", location) {
      result = try conjoin(result, branch, trail: trail)
    }
    if members["anyOf"] != nil {
      var union: [Shape] = []
      for branch in try branches(members, "anyOf", location) {
        for shape in try conjoin(result, branch, trail: trail) where !union.contains(shape) {
          union.append(shape)
        }
        try checkCount(union, "anyOf", location)
      }
      result = union
    }
    result = try depending(result, members, location, trail: trail)
    if members["not"] != nil { result = try without(result, location, trail: trail) }
    if members["oneOf"] != nil {
      let groups = try branches(members, "oneOf", location).map { branch throws(GrammarError) in
        try conjoin(result, branch, trail: trail)
      }
      result = groups.flatMap(\.self)
      try checkCount(result, "oneOf", location)
      for (index, group) in groups.enumerated() {
        for other in groups[..<index] {
          guard try areDisjoint(group, other, depth: 0) else {
            throw location.unsupported("oneOf", "alternatives of which two may hold at once")
          }
        }
      }
    }
    return result
  }

  private func branches(
    _ members: JSONMembers, _ keyword: JSONText, _ location: SchemaLocation
  ) throws(GrammarError) -> [SchemaLocation] {
    guard let value = members[keyword] else { return [] }
    guard case .array(let list) = value, !list.isEmpty else {
      throw location.error(keyword, found: value.kind, expected: "an array of schemas")
    }
    let place = location.appending(keyword)
    return list.indices.map(place.appending)
  }

  func checkCount(
    _ shapes: [Shape], _ keyword: JSONText, _ location: SchemaLocation
  ) throws(GrammarError) {
    guard shapes.count <= GrammarLimits.alternatives else {
      throw location.unsupported(keyword, "more than \(GrammarLimits.alternatives) alternatives")
    }
  }

  /// The shapes without what `not` excludes, which has to be whole types.
  private mutating func without(
    _ shapes: [Shape], _ location: SchemaLocation, trail: [SchemaLocation]
  ) throws(GrammarError) -> [Shape] {
    let excluded = try conjoin([.any], location.appending("not"), trail: trail)
    guard excluded.allSatisfy(\.assertsOnlyTypes) else {
      throw location.unsupported("not", "not, with more than types")
    }
    let types = excluded.reduce(into: JSONTypes()) { $0.formUnion($1.types) }
    return shapes.compactMap { shape in
      var copy = shape
      copy.types.subtract(types)
      return copy.types.isEmpty ? nil : copy
    }
  }
}
