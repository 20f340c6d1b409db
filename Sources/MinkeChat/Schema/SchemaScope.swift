/// Where in a type the walk is, and how it is to go on.
struct SchemaScope {
  static let maximumDepth = 32

  /// For errors: the type and the properties that lead here.
  var place: String
  /// Whether only a value is wanted, the schema being known: arrays are empty and what is optional absent.
  var isSampling = false
  /// What a value that must not be empty is to be: from a schema that its type states.
  var sample: String?
  /// The types that are being described, outermost first.
  private var types: [any Any.Type] = []

  init(place: String) { self.place = place }

  func inside(_ part: String) -> SchemaScope {
    var scope = self
    scope.place += part
    scope.sample = nil
    return scope
  }

  /// Notes the schema of a type and returns some value of it.
  func describe<T: Decodable>(_ type: T.Type, into builder: SchemaBuilder) throws -> T {
    if let primitive = type as? any SchemaPrimitive.Type {
      builder.set(primitive.schemaNode)
      return try checked(value(of: primitive), as: type)
    }
    if let optional = type as? any SchemaOptional.Type {
      return try checked(optional.describe(self, into: builder), as: type)
    }
    if let dictionary = type as? any SchemaDictionary.Type {
      return try checked(dictionary.describe(self, into: builder), as: type)
    }
    if let stated = try stated(type, builder) { return stated }
    if let iterable = type as? any CaseIterable.Type, let cases = enumeration(iterable) {
      builder.set(
        .simple([("type", quoted(cases.kind)), ("enum", "[" + cases.values.joined(separator: ", ") + "]")]))
      return try checked(cases.first, as: type)
    }
    let name = String(reflecting: type)
    if name.hasPrefix("Foundation") {
      throw ChatError(
        at: place, found: "\(type), whose JSON depends on the decoder", expected: "a String or a number")
    }
    return try walk(type, builder)
  }

  /// For a type that states its schema.
  private func stated<T: Decodable>(_ type: T.Type, _ builder: SchemaBuilder) throws -> T? {
    guard let text = (type as? any SchemaDescribing.Type)?.jsonSchema else { return nil }
    guard let object = JSONObject(text) else {
      throw ChatError(at: "\(place): jsonSchema of \(type)", found: excerpt(text), expected: "a JSON object")
    }
    builder.set(.simple(object.members))
    var scope = self
    scope.isSampling = true
    scope.sample =
      object["default"] ?? object["const"] ?? Self.first(object["enum"]) ?? Self.first(object["examples"])
    return try scope.walk(type, SchemaBuilder())
  }

  private static func first(_ array: String?) -> String? {
    guard let array else { return nil }
    var scanner = JSONScanner(Array(array.utf8))
    return scanner.array()?.first
  }

  /// Lets a type decode itself.
  private func walk<T: Decodable>(_ type: T.Type, _ builder: SchemaBuilder) throws -> T {
    guard isSampling || !types.contains(where: { $0 == type }), types.count < Self.maximumDepth else {
      throw ChatError(
        at: place, found: "\(type) inside of itself",
        expected: "types that end: state the schema of \(type) by SchemaDescribing.jsonSchema")
    }
    var scope = self
    scope.types.append(type)
    let value: T
    do {
      value = try T(from: SchemaRecorder(scope: scope, builder: builder))
    } catch is DecodingError {
      throw ChatError(
        at: place, found: "\(type), which refuses \(sample ?? "an empty value")",
        expected: type is any RawRepresentable.Type
          ? "CaseIterable, which says what values there are, or SchemaDescribing with an \"enum\" in its jsonSchema"
          : "SchemaDescribing, with a \"default\" in its jsonSchema that the type accepts")
    }
    if !isSampling { try addDescriptions(type, builder) }
    return value
  }

  private func addDescriptions(_ type: any Any.Type, _ builder: SchemaBuilder) throws {
    guard let texts = (type as? any SchemaDescribing.Type)?.propertyDescriptions else { return }
    let names = builder.propertyNames
    if let unknown = texts.keys.sorted().first(where: { !names.contains($0) }) {
      throw ChatError(
        at: "\(place): propertyDescriptions of \(type)", found: "\"\(unknown)\"",
        expected: "a property: " + names.joined(separator: ", "))
    }
    builder.descriptions = texts
  }

  private func value<Primitive: SchemaPrimitive>(of type: Primitive.Type) -> Primitive {
    guard let sample else { return Primitive() }
    if let text = JSONScanner.string(sample) { return text as? Primitive ?? Primitive() }
    return (type as? any LosslessStringConvertible.Type)?.init(sample) as? Primitive ?? Primitive()
  }

  private func checked<T>(_ value: Any, as type: T.Type) throws -> T {
    guard let value = value as? T else {
      throw ChatError(at: place, found: "\(Swift.type(of: value))", expected: "\(type)")
    }
    return value
  }
}
