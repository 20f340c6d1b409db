/// A JSON value as a tree: for documents of configuration, which are small.
enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// For the "found" of an error.
  var described: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"" + printable(value) + "\""
    case .array(let elements): "an array of \(elements.count)"
    case .object(let members): "an object of \(members.count) members"
    }
  }

  subscript(key: String) -> JSONValue? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  var bool: Bool? {
    if case .bool(let flag) = self { flag } else { nil }
  }

  var integer: Int? {
    if case .integer(let value) = self { value } else { nil }
  }

  var elements: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }
}

extension Optional {
  /// The value, or else another: `??` for what throws errors of one type.
  func or(
    _ other: @autoclosure () throws(CheckpointError) -> Wrapped?
  ) throws(CheckpointError) -> Wrapped? {
    if let self { return self }
    return try other()
  }
}

/// The members of an object in a file, each read with its type and range. A member that is `null` is absent.
struct JSONFields: Sendable {
  let path: String
  /// Where in the file the object stands, with a dot behind: `rope_scaling.`.
  private let prefix: String
  private let members: [String: JSONValue]

  init(_ members: [String: JSONValue], path: String, prefix: String = "") {
    (self.members, self.path, self.prefix) = (members, path, prefix)
  }

  /// - Throws: when the document is not an object.
  init(_ bytes: [UInt8], path: String) throws(CheckpointError) {
    var reader = try JSONReader(bytes, path: path)
    guard case .object(let members) = try reader.value() else {
      throw CheckpointError(
        .malformed, path: path, at: .file, found: "JSON of another kind", expected: "an object")
    }
    try reader.finish()
    self.init(members, path: path)
  }

  subscript(name: String) -> JSONValue? {
    if let value = members[name], value != .null { value } else { nil }
  }

  func string(_ name: String) throws(CheckpointError) -> String? {
    guard let value = self[name] else { return nil }
    guard let text = value.string else { throw wrongType(name, value, "a string") }
    return text
  }

  func bool(_ name: String) throws(CheckpointError) -> Bool? {
    guard let value = self[name] else { return nil }
    guard let flag = value.bool else { throw wrongType(name, value, "true or false") }
    return flag
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int? {
    guard let value = self[name] else { return nil }
    guard let integer = value.integer else { throw wrongType(name, value, "a whole number") }
    guard range.contains(integer) else {
      throw invalid(name, expected: "\(range.lowerBound) to \(range.upperBound)")
    }
    return integer
  }

  func requiredInteger(_ name: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int {
    guard let value = try integer(name, in: range) else { throw missing(name, "a whole number") }
    return value
  }

  /// A number, be it whole or not.
  func number(_ name: String, in range: ClosedRange<Double>) throws(CheckpointError) -> Double? {
    guard let value = self[name] else { return nil }
    let number: Double
    switch value {
    case .integer(let integer): number = Double(integer)
    case .number(let found): number = found
    default: throw wrongType(name, value, "a number")
    }
    // NaN is in no range.
    guard range.contains(number) else {
      throw invalid(name, expected: "\(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func requiredNumber(_ name: String, in range: ClosedRange<Double>) throws(CheckpointError) -> Double {
    guard let value = try number(name, in: range) else { throw missing(name, "a number") }
    return value
  }

  func object(_ name: String) throws(CheckpointError) -> JSONFields? {
    guard let value = self[name] else { return nil }
    guard case .object(let members) = value else { throw wrongType(name, value, "an object") }
    return JSONFields(members, path: path, prefix: prefix + name + ".")
  }

  func strings(_ name: String) throws(CheckpointError) -> [String]? {
    guard let value = self[name] else { return nil }
    guard let elements = value.elements else { throw wrongType(name, value, "an array of strings") }
    var strings: [String] = []
    for element in elements {
      guard let text = element.string else { throw wrongType(name, element, "a string in the array") }
      strings.append(text)
    }
    return strings
  }

  // MARK: Errors

  /// The error of a value that makes no sense.
  func invalid(_ name: String, expected: String, remedy: String? = nil) -> CheckpointError {
    CheckpointError(
      .outOfRange, path: path, at: .key(prefix + name), found: members[name]?.described ?? "nothing",
      expected: expected, remedy: remedy)
  }

  /// The error of a value that is sound and that this version has nothing for.
  func unsupported(_ name: String, expected: String) -> CheckpointError {
    CheckpointError(
      .unsupported, path: path, at: .key(prefix + name), found: members[name]?.described ?? "nothing",
      expected: expected)
  }

  func missing(_ name: String, _ expected: String) -> CheckpointError {
    CheckpointError(
      .missing, path: path, at: .key(prefix + name), found: "no such key", expected: expected)
  }

  private func wrongType(_ name: String, _ value: JSONValue, _ expected: String) -> CheckpointError {
    CheckpointError(
      .wrongType, path: path, at: .key(prefix + name), found: value.described, expected: expected)
  }
}
