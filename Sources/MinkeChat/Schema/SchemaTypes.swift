/// A type that JSON has itself.
protocol SchemaPrimitive: Decodable {
  static var schemaNode: SchemaNode { get }
  init()
}

extension SchemaPrimitive where Self: FixedWidthInteger {
  static var schemaNode: SchemaNode { .integer(Self.self) }
}

extension SchemaPrimitive where Self: BinaryFloatingPoint {
  static var schemaNode: SchemaNode { .type("number") }
}

extension String: SchemaPrimitive {
  static var schemaNode: SchemaNode { .type("string") }
}

extension Bool: SchemaPrimitive {
  static var schemaNode: SchemaNode { .type("boolean") }
}

extension Int: SchemaPrimitive {}
extension Int8: SchemaPrimitive {}
extension Int16: SchemaPrimitive {}
extension Int32: SchemaPrimitive {}
extension Int64: SchemaPrimitive {}
extension UInt: SchemaPrimitive {}
extension UInt8: SchemaPrimitive {}
extension UInt16: SchemaPrimitive {}
extension UInt32: SchemaPrimitive {}
extension UInt64: SchemaPrimitive {}
extension Float: SchemaPrimitive {}
extension Double: SchemaPrimitive {}

/// `Optional`, whatever it wraps.
protocol SchemaOptional {
  static func describe(_ scope: SchemaScope, into builder: SchemaBuilder) throws -> Any
}

extension Optional: SchemaOptional where Wrapped: Decodable {
  static func describe(_ scope: SchemaScope, into builder: SchemaBuilder) throws -> Any {
    builder.isNullable = true
    if scope.isSampling { return Self.none as Any }
    return Self.some(try scope.describe(Wrapped.self, into: builder)) as Any
  }
}

/// `Dictionary`, whatever it holds.
protocol SchemaDictionary {
  static func describe(_ scope: SchemaScope, into builder: SchemaBuilder) throws -> Any
}

extension Dictionary: SchemaDictionary where Key: Decodable, Value: Decodable {
  static func describe(_ scope: SchemaScope, into builder: SchemaBuilder) throws -> Any {
    guard Key.self == String.self else {
      throw ChatError(
        at: scope.place, found: "a dictionary whose keys are \(Key.self)", expected: "keys that are String")
    }
    if !scope.isSampling {
      let values = SchemaBuilder()
      _ = try scope.inside(".*").describe(Value.self, into: values)
      builder.set(.map(values.node))
    }
    return [:] as Self
  }
}

/// The raw values of an enumeration, as JSON text, and its first case; `nil` if they are neither text nor integers.
func enumeration(_ type: any CaseIterable.Type) -> (values: [String], kind: String, first: Any)? {
  func cases<Cases: CaseIterable>(_ type: Cases.Type) -> [Any] { Array(type.allCases) }
  let all = cases(type)
  let raw = all.compactMap { ($0 as? any RawRepresentable).map { $0.rawValue as Any } }
  guard let first = all.first, raw.count == all.count else { return nil }
  let texts = raw.compactMap { $0 as? String }
  if texts.count == all.count { return (texts.map(quoted), "string", first) }
  let numbers = raw.compactMap { ($0 as? any BinaryInteger).map { "\($0)" } }
  return numbers.count == all.count ? (numbers, "integer", first) : nil
}
