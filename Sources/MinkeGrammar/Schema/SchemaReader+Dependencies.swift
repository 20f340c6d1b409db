extension SchemaReader {
  /// `dependentRequired` and `dependentSchemas`: an object has no member of that name, or it has one and keeps the
  /// rest; so each name divides the shapes in two.
  mutating func depending(
    _ shapes: [Shape], _ members: JSONMembers, _ location: SchemaLocation, trail: [SchemaLocation]
  ) throws(GrammarError) -> [Shape] {
    var result = shapes
    for (name, value) in try dependencies(members, "dependentRequired", location) {
      guard case .array(let list) = value else {
        throw location.error("dependentRequired", found: value.kind, expected: "arrays of names")
      }
      let needed = list.compactMap(\.string)
      result = result.flatMap { shape in shape.without(name) + shape.with([name] + needed, location) }
      try checkCount(result, "dependentRequired", location)
    }
    for (name, _) in try dependencies(members, "dependentSchemas", location) {
      let present = result.flatMap { $0.with([name], location) }
      let schema = location.appending("dependentSchemas").appending(name)
      result = result.flatMap { $0.without(name) } + (try conjoin(present, schema, trail: trail))
      try checkCount(result, "dependentSchemas", location)
    }
    return result
  }

  private func dependencies(
    _ members: JSONMembers, _ keyword: JSONText, _ location: SchemaLocation
  ) throws(GrammarError) -> [(name: JSONText, value: JSONValue)] {
    guard let value = members[keyword] else { return [] }
    guard case .object(let map) = value else {
      throw location.error(keyword, found: value.kind, expected: "an object")
    }
    return map.entries
  }
}

extension Shape {
  /// Values that have no such member: those that are no objects, too.
  fileprivate func without(_ name: JSONText) -> [Shape] {
    var other = Shape.any
    other.object.forbidden = [name]
    return [intersection(other)]
  }

  /// Objects with such members.
  fileprivate func with(_ names: [JSONText], _ location: SchemaLocation) -> [Shape] {
    guard types.contains(.object) else { return [] }
    var other = Shape.any
    other.types = .object
    other.object.required = names.map {
      Cited(value: $0, keyword: "dependentRequired", schema: location)
    }
    return [intersection(other)]
  }
}
