/// A JSON value, compared as JSON Schema compares: numbers by value, objects whatever their order.
package indirect enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(JSONText)
  case array([JSONValue])
  case object(JSONMembers)

  /// What kind of value it is, for messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let number): number.text
    case .string(let text): "the string \"\(text)\""
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// A text as its UTF-8: Swift's strings are equal also where scalars differ, which JSON tells apart.
package struct JSONText: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) { self.bytes = bytes }
  package init(_ text: String) { bytes = Array(text.utf8) }
  package init(stringLiteral value: String) { self.init(value) }

  package var description: String { String(decoding: bytes, as: UTF8.self) }
  var scalarCount: Int { description.unicodeScalars.count }
}

/// The members of an object, in order, each name once.
package struct JSONMembers: Sendable, Equatable {
  package private(set) var entries: [(name: JSONText, value: JSONValue)] = []
  private var indices: [JSONText: Int] = [:]

  package init() {}

  package var count: Int { entries.count }

  package subscript(name: JSONText) -> JSONValue? { indices[name].map { entries[$0].value } }

  /// Returns false if there is such a member already.
  package mutating func add(_ name: JSONText, _ value: JSONValue) -> Bool {
    guard indices.updateValue(entries.count, forKey: name) == nil else { return false }
    entries.append((name, value))
    return true
  }

  package static func == (left: JSONMembers, right: JSONMembers) -> Bool {
    left.count == right.count && left.entries.allSatisfy { right[$0.name] == $0.value }
  }
}
