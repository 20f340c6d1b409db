/// A type that says more about its JSON than its `init(from:)` shows.
///
/// ```swift
/// struct WeatherArguments: Decodable, SchemaDescribing {
///   var place: String
///   var days: UInt8?
///   static var propertyDescriptions: [String: String] { ["place": "City and country", "days": "From today"] }
/// }
/// ```
public protocol SchemaDescribing {
  /// What single properties mean, by their names in JSON. The model reads it.
  static var propertyDescriptions: [String: String] { get }
  /// The whole schema, as JSON text, for a type whose schema cannot be derived; `nil` derives it. A string or number
  /// that the type needs to be decodable is taken from its `default`, `const` or the first of its `enum` or `examples`.
  static var jsonSchema: String? { get }
}

extension SchemaDescribing {
  public static var propertyDescriptions: [String: String] { [:] }
  public static var jsonSchema: String? { nil }
}
