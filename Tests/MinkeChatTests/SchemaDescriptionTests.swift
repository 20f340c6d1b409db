import Foundation
import MinkeChat
import Testing

private enum Unit: String, Decodable, CaseIterable { case celsius, fahrenheit }
private enum Level: Int, Decodable, CaseIterable {
  case low = 1
  case high = 3
}
private enum Bare: String, Decodable { case one, two }
private enum Stated: String, Decodable, SchemaDescribing {
  case one, two
  static var jsonSchema: String? { #"{"enum": ["one", "two"]}"# }
}
private enum Payload: Decodable {
  case text(String)
  case number(Int)
}

private struct Everything: Decodable, SchemaDescribing {
  struct Inner: Decodable {
    var b: Int
    var a: [String]
  }
  var z: String
  var flag: Bool
  var byte: UInt8
  var signed: Int16?
  var count: Int
  var size: UInt64
  var ratio: Double
  var small: Float?
  var unit: Unit
  var level: Level?
  var inner: Inner
  var list: [Inner]?
  var gaps: [Int?]
  var map: [String: Double]
  var names: Set<String>
  static var propertyDescriptions: [String: String] { ["z": "The \"first\"", "inner": "One"] }
}

private struct Tree: Decodable { var children: [Tree] }
private struct StatedTree: Decodable, SchemaDescribing {
  var name: String
  var children: [StatedTree]
  var parent: [StatedTree]?
  static var jsonSchema: String? { #"{"type": "object", "description": "A tree"}"# }
}

private struct Custom: Decodable {
  var id: String
  var first: Int
  var point: Double
  enum CodingKeys: String, CodingKey {
    case id = "the_id"
    case nested, list
  }
  enum NestedKeys: CodingKey { case first }
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    id = try container.decodeIfPresent(String.self, forKey: .id) ?? "none"
    first = try container.nestedContainer(keyedBy: NestedKeys.self, forKey: .nested).decode(
      Int.self, forKey: .first)
    var list = try container.nestedUnkeyedContainer(forKey: .list)
    point = try list.decode(Double.self)
  }
}

private struct Identifier: Decodable, RawRepresentable { var rawValue: String }
private struct Even: Decodable {
  var value: Int
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    value = try container.decode(Int.self)
    guard value == 42 else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not 42")
    }
  }
}
private struct StatedEven: Decodable, SchemaDescribing {
  var even: Even
  init(from decoder: any Decoder) throws { even = try Even(from: decoder) }
  static var jsonSchema: String? { #"{"type": "integer", "default": 42}"# }
}

@Suite struct `The schema of a type` {
  private func json<T: Decodable>(_ type: T.Type) throws -> String { try SchemaDescription(of: type).json }

  @Test func `follows its declaration`() throws {
    #expect(
      try json(Everything.self) == """
        {"type": "object", "properties": {\
        "z": {"description": "The \\"first\\"", "type": "string"}, \
        "flag": {"type": "boolean"}, \
        "byte": {"type": "integer", "minimum": 0, "maximum": 255}, \
        "signed": {"type": "integer", "minimum": -32768, "maximum": 32767}, \
        "count": {"type": "integer"}, \
        "size": {"type": "integer", "minimum": 0}, \
        "ratio": {"type": "number"}, \
        "small": {"type": "number"}, \
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}, \
        "level": {"type": "integer", "enum": [1, 3]}, \
        "inner": {"description": "One", "type": "object", "properties": {"b": {"type": "integer"}, \
        "a": {"type": "array", "items": {"type": "string"}}}, "required": ["b", "a"], "additionalProperties": false}, \
        "list": {"type": "array", "items": {"type": "object", "properties": {"b": {"type": "integer"}, \
        "a": {"type": "array", "items": {"type": "string"}}}, "required": ["b", "a"], "additionalProperties": false}}, \
        "gaps": {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}, \
        "map": {"type": "object", "additionalProperties": {"type": "number"}}, \
        "names": {"type": "array", "items": {"type": "string"}}}, \
        "required": ["z", "flag", "byte", "count", "size", "ratio", "unit", "inner", "gaps", "map", "names"], \
        "additionalProperties": false}
        """)
    #expect(try JSONSerialization.jsonObject(with: Data(json(Everything.self).utf8)) is [String: Any])
  }

  @Test func `follows a decoding written by hand`() throws {
    #expect(
      try json(Custom.self) == """
        {"type": "object", "properties": {"the_id": {"type": "string"}, "nested": {"type": "object", "properties": \
        {"first": {"type": "integer"}}, "required": ["first"], "additionalProperties": false}, "list": {"type": \
        "array", "items": {"type": "number"}}}, "required": ["nested", "list"], "additionalProperties": false}
        """)
    #expect(try json(Identifier.self) == #"{"type": "string"}"#)
    #expect(try json([Bool].self) == #"{"type": "array", "items": {"type": "boolean"}}"#)
    #expect(try json(String?.self) == #"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#)
  }

  @Test func `may be stated`() throws {
    struct Outer: Decodable, SchemaDescribing {
      var tree: StatedTree
      var choice: Stated
      var even: StatedEven?
      static var propertyDescriptions: [String: String] { ["tree": "Which"] }
    }
    #expect(
      try json(Outer.self) == """
        {"type": "object", "properties": {"tree": {"description": "Which", "type": "object"}, "choice": {"enum": \
        ["one", "two"]}, "even": {"type": "integer", "default": 42}}, "required": ["tree", "choice"], \
        "additionalProperties": false}
        """)
  }

  private func error<T: Decodable>(_ type: T.Type) -> String {
    do {
      return try json(type)
    } catch { return "\(error)" }
  }

  @Test func `is an error that says what to do where there is none`() {
    struct Dated: Decodable { var day: Date? }
    struct Listed: Decodable { var choices: [Bare] }
    struct Keyed: Decodable { var map: [Int: String] }
    struct Odd: Decodable { var even: Even }
    struct Wrong: Decodable, SchemaDescribing {
      var place: String
      static var propertyDescriptions: [String: String] { ["plaice": "?"] }
    }
    struct Broken: Decodable, SchemaDescribing { static var jsonSchema: String? { "[" } }
    #expect(
      error(Dated.self)
        == "Dated.day: found Date, whose JSON depends on the decoder; expected a String or a number")
    #expect(
      error(Listed.self).hasPrefix(
        "Listed.choices[]: found Bare, which refuses an empty value; expected CaseIterable"))
    #expect(
      error(Keyed.self) == "Keyed.map: found a dictionary whose keys are Int; expected keys that are String")
    #expect(error(Odd.self).contains("Odd.even: found Even, which refuses"))
    #expect(
      error(Tree.self).hasPrefix("Tree.children[]: found Tree inside of itself; expected types that end"))
    #expect(error(Payload.self).contains("SchemaDescribing"))
    #expect(error(Wrong.self).contains("found \"plaice\"; expected a property: place"))
    #expect(error(Broken.self).contains("jsonSchema of Broken"))
  }
}
