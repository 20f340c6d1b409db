/// Notes the properties of an object.
struct KeyedSchemaRecorder<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let scope: SchemaScope
  let builder: SchemaBuilder
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] { [] }

  func contains(_ key: Key) -> Bool { !scope.isSampling }

  func decodeNil(forKey key: Key) -> Bool { scope.isSampling }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try property(key).decode(type)
  }

  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
    try optional(type, key)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedDecodingContainer<Nested> {
    property(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer {
    property(key).unkeyedContainer()
  }

  func superDecoder() -> any Decoder { property("super") }
  func superDecoder(forKey key: Key) -> any Decoder { property(key) }

  private func property(_ key: some CodingKey) -> SchemaRecorder { property(key.stringValue) }

  private func property(_ name: String, isRequired: Bool = true) -> SchemaRecorder {
    SchemaRecorder(
      scope: scope.inside(".\(name)"), builder: builder.property(name, isRequired: isRequired))
  }

  /// The value is absent, its type noted.
  private func optional<T: Decodable>(_ type: T.Type, _ key: Key) throws -> T? {
    if !scope.isSampling { _ = try property(key.stringValue, isRequired: false).decode(type) }
    return nil
  }
}

// The protocol has a default for each of these, which would take the property for a required one.
extension KeyedSchemaRecorder {
  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try optional(type, key) }
  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try optional(type, key) }
  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try optional(type, key) }
  func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? { try optional(type, key) }
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try optional(type, key) }
  func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? { try optional(type, key) }
  func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? { try optional(type, key) }
  func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { try optional(type, key) }
  func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try optional(type, key) }
  func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? { try optional(type, key) }
  func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? { try optional(type, key) }
  func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? { try optional(type, key) }
  func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? { try optional(type, key) }
  func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? { try optional(type, key) }
}
