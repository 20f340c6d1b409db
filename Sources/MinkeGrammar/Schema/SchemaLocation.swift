/// Where a schema stands in its document: a JSON pointer (RFC 6901).
struct SchemaLocation: Hashable, Sendable, CustomStringConvertible {
  static let root = SchemaLocation(pointer: "")
  /// Longer ones are refused: names in schemas are short.
  static let maximumLength = 4096

  let pointer: JSONText

  func appending(_ part: JSONText) -> SchemaLocation {
    var bytes = pointer.bytes + [UInt8(ascii: "/")]
    for byte in part.bytes {
      switch byte {
      case UInt8(ascii: "~"): bytes += Array("~0".utf8)
      case UInt8(ascii: "/"): bytes += Array("~1".utf8)
      default: bytes.append(byte)
      }
    }
    return SchemaLocation(pointer: JSONText(bytes: bytes))
  }

  func appending(_ index: Int) -> SchemaLocation { appending(JSONText("\(index)")) }

  var description: String { "#\(pointer)" }

  /// An error that names the keyword at fault, which is the last part of its place.
  func error(_ keyword: JSONText, found: String, expected: String) -> GrammarError {
    GrammarError(at: appending(keyword).description, found: found, expected: expected)
  }

  func unsupported(_ keyword: JSONText, _ found: String? = nil) -> GrammarError {
    error(
      keyword, found: found ?? "the keyword \(keyword)",
      expected: "a schema without it: it is not supported")
  }
}

/// A keyword's value, with the schema that it stands in.
struct Cited<Value: Sendable & Hashable>: Sendable, Hashable {
  let value: Value
  let keyword: JSONText
  let schema: SchemaLocation
}
