/// A decoder that has nothing to decode: it notes what it is asked for and gives some value.
struct SchemaRecorder: Decoder, SingleValueDecodingContainer {
  let scope: SchemaScope
  let builder: SchemaBuilder
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    builder.setObject()
    return KeyedDecodingContainer(KeyedSchemaRecorder(scope: scope, builder: builder))
  }

  func unkeyedContainer() -> any UnkeyedDecodingContainer {
    let element = SchemaBuilder()
    builder.setArray(of: element)
    return UnkeyedSchemaRecorder(scope: scope.inside("[]"), element: element)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  func decodeNil() -> Bool { scope.isSampling }

  func decode<T: Decodable>(_ type: T.Type) throws -> T { try scope.describe(type, into: builder) }
}

/// An array has one element, of any type; if only a value is wanted, none.
struct UnkeyedSchemaRecorder: UnkeyedDecodingContainer {
  let scope: SchemaScope
  let element: SchemaBuilder
  private(set) var currentIndex = 0
  var codingPath: [any CodingKey] { [] }
  var count: Int? { scope.isSampling ? 0 : 1 }
  var isAtEnd: Bool { currentIndex >= (count ?? 0) }

  init(scope: SchemaScope, element: SchemaBuilder) {
    self.scope = scope
    self.element = element
  }

  func decodeNil() -> Bool { false }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    currentIndex += 1
    return try scope.describe(type, into: element)
  }

  mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    superDecoderOfElement().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer {
    superDecoderOfElement().unkeyedContainer()
  }

  mutating func superDecoder() -> any Decoder { superDecoderOfElement() }

  private mutating func superDecoderOfElement() -> SchemaRecorder {
    currentIndex += 1
    return SchemaRecorder(scope: scope, builder: element)
  }
}
