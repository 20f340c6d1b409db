/// Reads the keywords of one schema that assert something by themselves, without references and combinations.
struct KeywordReader {
  let members: JSONMembers
  let location: SchemaLocation

  init(_ members: JSONMembers, _ location: SchemaLocation) {
    self.members = members
    self.location = location
  }

  func shape() throws(GrammarError) -> Shape {
    var shape = Shape()
    for (keyword, value) in members.entries { try read(keyword, value, &shape) }
    try readBounds(&shape)
    try readElements(&shape)
    try readMembers(&shape)
    return shape
  }

  private func read(
    _ keyword: JSONText, _ value: JSONValue, _ shape: inout Shape
  ) throws(GrammarError) {
    switch keyword {
    case "type": shape.types.formIntersection(try types(value))
    case "enum":
      guard case .array(let values) = value else { throw wrong(keyword, "an array") }
      shape = shape.intersection(Shape(values: values))
    case "const": shape = shape.intersection(Shape(values: [value]))
    case "multipleOf":
      guard case .number(let number) = value, .zero < number else { throw wrong(keyword, "a number above 0") }
      shape.number.multiples.append(Cited(value: number, keyword: keyword, schema: location))
    case "minLength": shape.string.minimum = try count(keyword, value)
    case "maxLength": shape.string.maximum = try count(keyword, value)
    case "pattern": shape.string.patterns.append(try text(keyword, value))
    case "format": shape.string.formats.append(try format(value))
    case "minItems": shape.array.minimum = try count(keyword, value)
    case "maxItems": shape.array.maximum = try count(keyword, value)
    case "uniqueItems":
      guard case .bool(let isUnique) = value else { throw wrong(keyword, "true or false") }
      if isUnique { shape.array.uniqueIn.append(location) }
    case "minProperties":
      shape.object.minimum = Cited(value: try count(keyword, value), keyword: keyword, schema: location)
    case "maxProperties": shape.object.maximum = try count(keyword, value)
    case "propertyNames": shape.object.names.append(location.appending(keyword))
    case "$schema":
      guard let text = value.string, SchemaKeywords.drafts.contains(text.withoutEmptyFragment) else {
        throw location.unsupported(keyword, "the dialect \(value.kind)")
      }
    case "$id":
      guard location == .root else { throw location.unsupported(keyword, "a schema with its own $id") }
    case "dependentRequired", "dependentSchemas":
      guard case .object = value else { throw wrong(keyword, "an object") }
    case "if":
      // Alone it asserts nothing, and without it the others do not.
      if members["then"] != nil || members["else"] != nil { throw location.unsupported(keyword) }
    case "$ref", "allOf", "anyOf", "oneOf", "not": break
    default:
      let isKnown =
        SchemaKeywords.annotations.contains(keyword) || SchemaKeywords.companions.contains(keyword)
      // Names that begin so are annotations by convention (and in the next draft).
      if !isKnown, !keyword.bytes.starts(with: "x-".utf8) { throw location.unsupported(keyword) }
    }
  }

  func wrong(_ keyword: JSONText, _ expected: String) -> GrammarError {
    location.error(keyword, found: members[keyword]?.kind ?? "nothing", expected: expected)
  }

  private func types(_ value: JSONValue) throws(GrammarError) -> JSONTypes {
    let list: [JSONValue] = if case .array(let list) = value { list } else { [value] }
    var result = JSONTypes()
    for item in list {
      guard let name = item.string, let types = JSONTypes.names[name] else {
        throw wrong("type", "a type's name or an array of them")
      }
      result.formUnion(types)
    }
    return result
  }

  /// A count that a grammar can hold.
  func count(_ keyword: JSONText, _ value: JSONValue) throws(GrammarError) -> Int {
    guard case .number(let number) = value, number.isInteger, !number.isNegative else {
      throw wrong(keyword, "a natural number")
    }
    let limit = keyword == "minLength" || keyword == "maxLength" ? LongText.maximum : Self.maximumCount
    guard let count = number.integer, count <= limit else {
      throw location.unsupported(keyword, "\(keyword) above \(limit)")
    }
    return count
  }

  /// The most elements or members that a schema may count.
  private static let maximumCount = 1 << 12

  private func text(_ keyword: JSONText, _ value: JSONValue) throws(GrammarError) -> Cited<JSONText> {
    guard case .string(let text) = value else { throw wrong(keyword, "a string") }
    return Cited(value: text, keyword: keyword, schema: location)
  }

  private func format(_ value: JSONValue) throws(GrammarError) -> Cited<JSONText> {
    let name = try text("format", value)
    guard StringFormats.patterns["\(name.value)"] != nil else {
      throw location.unsupported("format", "the format \(name.value)")
    }
    return name
  }

  private func readBounds(_ shape: inout Shape) throws(GrammarError) {
    for (keyword, isExclusive) in [("minimum", false), ("exclusiveMinimum", true)] as [(JSONText, Bool)] {
      guard let value = members[keyword] else { continue }
      guard case .number(let number) = value else { throw wrong(keyword, "a number") }
      shape.number.raise(to: .init(value: number, isExclusive: isExclusive))
    }
    for (keyword, isExclusive) in [("maximum", false), ("exclusiveMaximum", true)] as [(JSONText, Bool)] {
      guard let value = members[keyword] else { continue }
      guard case .number(let number) = value else { throw wrong(keyword, "a number") }
      shape.number.lower(to: .init(value: number, isExclusive: isExclusive))
    }
  }

  /// If nothing else here looks into arrays or objects in place, what is unevaluated is what is additional.
  func unevaluated(_ keyword: JSONText, hiding: [JSONText]) throws(GrammarError) -> SchemaLocation? {
    guard let value = members[keyword], value != .bool(true) else { return nil }
    guard (SchemaKeywords.applicators + hiding).allSatisfy({ members[$0] == nil }) else {
      throw location.unsupported(keyword)
    }
    return location.appending(keyword)
  }
}

extension JSONText {
  fileprivate var withoutEmptyFragment: JSONText {
    bytes.last == UInt8(ascii: "#") ? JSONText(bytes: bytes.dropLast()) : self
  }
}
