/// The JSON Schema (draft 2020-12) of a `Decodable` type, found by letting the type decode itself from a decoder that
/// notes what it is asked for.
///
/// Properties stand in the order in which they are decoded, which for synthesised conformances is that of their
/// declarations. Those that may be absent are optional, all others required; no others are allowed. Integers other than
/// `Int` and `Int64` state their range. Enumerations need `CaseIterable` and a raw value.
///
/// ```swift
/// let schema = try SchemaDescription(of: WeatherArguments.self)
/// print(schema.json)
/// ```
public struct SchemaDescription: Sendable, Equatable {
  /// The schema as text.
  public let json: String

  /// - Throws: for a type whose schema cannot be found: one that refers to itself, that refuses the sample values it is
  ///   given, or that has dates. The error names the property and says what to do.
  public init<T: Decodable>(of type: T.Type) throws(ChatError) {
    let builder = SchemaBuilder()
    do {
      _ = try SchemaScope(place: "\(type)").describe(type, into: builder)
    } catch let error as ChatError {
      throw error
    } catch {
      throw ChatError(at: "schema of \(type)", found: "\(error)", expected: "a type that decodes itself")
    }
    json = builder.node.json()
  }
}
