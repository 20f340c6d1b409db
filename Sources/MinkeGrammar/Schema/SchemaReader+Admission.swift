extension SchemaReader {
  /// Whether a value of `enum` or `const` fits a shape.
  mutating func admits(_ shape: Shape, _ value: JSONValue, depth: Int) throws(GrammarError) -> Bool {
    try budget.spendSteps(64)
    guard shape.types.contains(JSONTypes(of: value)), shape.values?.contains(value) ?? true else {
      return false
    }
    switch value {
    case .null, .bool: return true
    case .number(let number):
      return try NumberLanguage(shape.number, isInteger: false).automaton(budget: &budget).matches(
        number.text.utf8)
    case .string(let text): return try admits(shape.string, text)
    case .array(let elements): return try admits(shape.array, elements, depth)
    case .object(let members): return try admits(shape.object, members, depth)
    }
  }

  /// The values that fit a shape.
  mutating func admitted(_ values: [JSONValue], _ shape: Shape) throws(GrammarError) -> [JSONValue] {
    var result: [JSONValue] = []
    for value in values {
      if try admits(shape, value, depth: 0) { result.append(value) }
    }
    return result
  }

  /// Whether a value is valid under all these schemas.
  mutating func admits(
    _ schemas: [SchemaLocation], _ value: JSONValue, depth: Int
  ) throws(GrammarError) -> Bool {
    guard depth < GrammarLimits.nesting else { return false }
    for shape in try shapes(of: schemas) {
      if try admits(shape, value, depth: depth + 1) { return true }
    }
    return false
  }

  private mutating func admits(_ constraint: StringConstraint, _ text: JSONText) throws(GrammarError) -> Bool
  {
    let length = text.scalarCount
    guard length >= constraint.minimum, length <= constraint.maximum ?? length else { return false }
    var shape = Shape.any
    shape.string = constraint
    (shape.string.minimum, shape.string.maximum) = (0, nil)
    guard let content = try content(of: shape) else { return true }
    return try Automaton(content, budget: &budget).matches(JSONEscapes.content(text))
  }

  private mutating func admits(
    _ constraint: ArrayConstraint, _ elements: [JSONValue], _ depth: Int
  ) throws(GrammarError) -> Bool {
    let count = elements.count
    guard count >= constraint.minimum, count <= constraint.maximum ?? count else { return false }
    for (index, element) in elements.enumerated() {
      guard try admits(constraint.schemas(of: index), element, depth: depth) else { return false }
      if !constraint.uniqueIn.isEmpty, elements[..<index].contains(element) { return false }
    }
    for contains in constraint.contains {
      var found = 0
      for element in elements {
        if try admits([contains.schema], element, depth: depth) { found += 1 }
      }
      guard found >= contains.minimum else { return false }
    }
    return true
  }

  private mutating func admits(
    _ constraint: ObjectConstraint, _ members: JSONMembers, _ depth: Int
  ) throws(GrammarError) -> Bool {
    guard members.count >= constraint.minimum?.value ?? 0,
      members.count <= constraint.maximum ?? members.count,
      constraint.required.allSatisfy({ members[$0.value] != nil }),
      constraint.forbidden.allSatisfy({ members[$0] == nil })
    else { return false }
    for (name, value) in members.entries {
      let schemas = try schemas(of: name, in: constraint)
      guard try admits(schemas, value, depth: depth),
        try admits(constraint.names, .string(name), depth: depth)
      else { return false }
    }
    return true
  }

  /// The schemas that a member of that name has to be valid under.
  mutating func schemas(
    of name: JSONText, in constraint: ObjectConstraint
  ) throws(GrammarError) -> [SchemaLocation] {
    var result: [SchemaLocation] = []
    for clause in constraint.clauses {
      let before = result.count
      if clause.properties.contains(name) {
        result.append(clause.schema.appending("properties").appending(name))
      }
      for pattern in clause.patterns {
        guard try automaton(ofPattern: pattern).matches(JSONEscapes.content(name)) else { continue }
        result.append(pattern.schema.appending("patternProperties").appending(pattern.value))
      }
      if result.count == before, let additional = clause.additional { result.append(additional) }
    }
    return result
  }
}
