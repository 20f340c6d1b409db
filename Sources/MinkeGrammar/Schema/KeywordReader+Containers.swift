extension KeywordReader {
  /// `prefixItems`, `items` and `contains`, and what belongs to them.
  func readElements(_ shape: inout Shape) throws(GrammarError) {
    var clause = ArrayConstraint.Clause()
    if let value = members["prefixItems"] {
      guard case .array(let list) = value else { throw wrong("prefixItems", "an array of schemas") }
      let place = location.appending("prefixItems")
      clause.prefix = list.indices.map(place.appending)
    }
    if let items = members["items"] {
      if case .array = items { throw location.unsupported("items", "items as an array, of an older draft") }
      clause.items = location.appending("items")
    } else {
      clause.items = try unevaluated("unevaluatedItems", hiding: ["contains"])
    }
    if clause != ArrayConstraint.Clause() { shape.array.clauses.append(clause) }
    // Without `contains`, the others say nothing.
    guard members["contains"] != nil else { return }
    if members["maxContains"] != nil { throw location.unsupported("maxContains") }
    let minimum = try members["minContains"].map { value throws(GrammarError) in
      try count("minContains", value)
    }
    guard minimum != 0 else { return }
    shape.array.contains.append(.init(schema: location.appending("contains"), minimum: minimum ?? 1))
  }

  /// `properties`, `patternProperties`, `additionalProperties` and `required`.
  func readMembers(_ shape: inout Shape) throws(GrammarError) {
    var clause = ObjectConstraint.Clause(schema: location)
    if let value = members["properties"] {
      guard case .object(let map) = value else { throw wrong("properties", "an object of schemas") }
      clause.properties = map.entries.map(\.name)
    }
    if let value = members["patternProperties"] {
      guard case .object(let map) = value else { throw wrong("patternProperties", "an object of schemas") }
      clause.patterns = map.entries.map {
        Cited(value: $0.name, keyword: "patternProperties", schema: location)
      }
    }
    clause.additional =
      members["additionalProperties"] != nil
      ? location.appending("additionalProperties") : try unevaluated("unevaluatedProperties", hiding: [])
    if clause != ObjectConstraint.Clause(schema: location) { shape.object.clauses.append(clause) }
    if let value = members["required"] {
      guard case .array(let list) = value else { throw wrong("required", "an array of names") }
      for item in list {
        guard let name = item.string else { throw wrong("required", "an array of names") }
        let cited = Cited(value: name, keyword: "required", schema: location)
        if !shape.object.required.contains(cited) { shape.object.required.append(cited) }
      }
    }
  }
}
