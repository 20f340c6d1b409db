/// The types of JSON values, numbers divided into integers and others.
struct JSONTypes: OptionSet, Sendable, Hashable {
  let rawValue: UInt8

  static let null = JSONTypes(rawValue: 1)
  static let boolean = JSONTypes(rawValue: 2)
  static let integer = JSONTypes(rawValue: 4)
  static let fraction = JSONTypes(rawValue: 8)
  static let string = JSONTypes(rawValue: 16)
  static let array = JSONTypes(rawValue: 32)
  static let object = JSONTypes(rawValue: 64)
  static let number: JSONTypes = [.integer, .fraction]
  static let all: JSONTypes = [.null, .boolean, .number, .string, .array, .object]

  static let names: [JSONText: JSONTypes] = [
    "null": .null, "boolean": .boolean, "integer": .integer, "number": .number, "string": .string,
    "array": .array, "object": .object,
  ]

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(of value: JSONValue) {
    self =
      switch value {
      case .null: .null
      case .bool: .boolean
      case .number(let number): number.isInteger ? .integer : .fraction
      case .string: .string
      case .array: .array
      case .object: .object
      }
  }
}

/// A conjunction of assertions: per type what a value of that type has to be. A schema is a choice of shapes.
struct Shape: Sendable, Equatable {
  var types = JSONTypes.all
  /// The values of `enum` or `const`, if any are given.
  var values: [JSONValue]?
  var number = NumberConstraint()
  var string = StringConstraint()
  var array = ArrayConstraint()
  var object = ObjectConstraint()

  static let any = Shape()

  /// Whether nothing but types is asserted.
  var assertsOnlyTypes: Bool {
    var copy = self
    copy.types = .all
    return copy == .any
  }

  /// What both shapes assert.
  func intersection(_ other: Shape) -> Shape {
    var result = self
    result.types.formIntersection(other.types)
    if let values = other.values {
      result.values = result.values.map { own in own.filter(values.contains) } ?? values
    }
    result.number.formIntersection(other.number)
    result.string.formIntersection(other.string)
    result.array.formIntersection(other.array)
    result.object.formIntersection(other.object)
    return result
  }
}

struct NumberConstraint: Sendable, Equatable {
  struct Bound: Sendable, Equatable {
    let value: JSONNumber
    let isExclusive: Bool
  }

  var minimum: Bound?
  var maximum: Bound?
  var multiples: [Cited<JSONNumber>] = []

  mutating func formIntersection(_ other: NumberConstraint) {
    for bound in [other.minimum].compactMap(\.self) { raise(to: bound) }
    for bound in [other.maximum].compactMap(\.self) { lower(to: bound) }
    multiples.appendNew(other.multiples)
  }

  mutating func raise(to bound: Bound) {
    guard let own = minimum, bound.value < own.value || bound.value == own.value && own.isExclusive else {
      minimum = bound
      return
    }
  }

  mutating func lower(to bound: Bound) {
    guard let own = maximum, own.value < bound.value || bound.value == own.value && own.isExclusive else {
      maximum = bound
      return
    }
  }
}

struct StringConstraint: Sendable, Equatable {
  var minimum = 0
  var maximum: Int?
  var patterns: [Cited<JSONText>] = []
  var formats: [Cited<JSONText>] = []

  /// Longer strings are counted in pieces, which works only if there are no patterns.
  static let longest = 1 << 10
  var isLong: Bool { max(minimum, maximum ?? 0) > Self.longest }

  mutating func formIntersection(_ other: StringConstraint) {
    minimum = max(minimum, other.minimum)
    maximum = least(maximum, other.maximum)
    patterns.appendNew(other.patterns)
    formats.appendNew(other.formats)
  }
}

struct ArrayConstraint: Sendable, Equatable {
  /// What one schema says of the elements: those at the beginning, and the others.
  struct Clause: Sendable, Equatable {
    var prefix: [SchemaLocation] = []
    var items: SchemaLocation?

    func schema(of index: Int) -> SchemaLocation? { index < prefix.count ? prefix[index] : items }
  }

  struct Contains: Sendable, Equatable {
    let schema: SchemaLocation
    let minimum: Int
  }

  var clauses: [Clause] = []
  var minimum = 0
  var maximum: Int?
  var contains: [Contains] = []
  /// The schemas that ask for unique elements.
  var uniqueIn: [SchemaLocation] = []

  mutating func formIntersection(_ other: ArrayConstraint) {
    minimum = max(minimum, other.minimum)
    maximum = least(maximum, other.maximum)
    clauses.appendNew(other.clauses)
    contains.appendNew(other.contains)
    uniqueIn.appendNew(other.uniqueIn)
  }

  func schemas(of index: Int) -> [SchemaLocation] { clauses.compactMap { $0.schema(of: index) } }
}

struct ObjectConstraint: Sendable, Equatable {
  /// What one schema says of the members.
  struct Clause: Sendable, Equatable {
    let schema: SchemaLocation
    var properties: [JSONText] = []
    var patterns: [Cited<JSONText>] = []
    var additional: SchemaLocation?
  }

  var clauses: [Clause] = []
  var required: [Cited<JSONText>] = []
  /// Names that no member has.
  var forbidden: [JSONText] = []
  /// The schemas of `propertyNames`.
  var names: [SchemaLocation] = []
  var minimum: Cited<Int>?
  var maximum: Int?

  mutating func formIntersection(_ other: ObjectConstraint) {
    clauses.appendNew(other.clauses)
    required.appendNew(other.required)
    forbidden.appendNew(other.forbidden)
    names.appendNew(other.names)
    if let bound = other.minimum, bound.value > minimum?.value ?? 0 { minimum = bound }
    maximum = least(maximum, other.maximum)
  }
}

private func least(_ left: Int?, _ right: Int?) -> Int? {
  guard let left, let right else { return left ?? right }
  return min(left, right)
}

extension Array where Element: Equatable {
  fileprivate mutating func appendNew(_ others: [Element]) {
    for other in others where !contains(other) { append(other) }
  }
}
