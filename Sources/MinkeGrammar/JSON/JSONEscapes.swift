/// How the content of a string that a schema constrains is written: each character in one way only, so that
/// languages over contents can be intersected and subtracted after it. Quotation mark, backslash and
/// controls take their shortest escape, everything else stands for itself.
enum JSONEscapes {
  /// What stands for itself.
  static let plain = ScalarSet([0...0x1F, 0x22...0x22, 0x5C...0x5C]).complement

  static func escaped(_ scalar: UInt32) -> [UInt8]? {
    let short: [UInt32: Character] = [
      0x22: "\"", 0x5C: "\\", 8: "b", 12: "f", 10: "n", 13: "r", 9: "t",
    ]
    if let letter = short[scalar] { return Array("\\\(letter)".utf8) }
    guard scalar < 0x20 else { return nil }
    return Array("\\u00\(scalar < 0x10 ? "0" : "")\(String(scalar, radix: 16))".utf8)
  }

  /// The content of the string literal of a text.
  static func content(_ text: JSONText) -> [UInt8] {
    text.bytes.flatMap { escaped(UInt32($0)) ?? [$0] }
  }

  /// The string literal of a text.
  static func literal(_ text: JSONText) -> [UInt8] { [0x22] + content(text) + [0x22] }
}

extension Expression {
  /// Every content that a constrained string may have.
  static let anyContent = Expression.any(.scalars(.all)).escapedForJSON

  /// The contents of strings whose texts match. Bytes must be whole characters.
  var escapedForJSON: Expression {
    switch self {
    case .bytes(let bytes): .bytes(JSONEscapes.content(JSONText(bytes: bytes)))
    case .scalars(let set):
      .choice(
        [.scalars(set.intersection(JSONEscapes.plain))]
          + (0...0x5C).compactMap { scalar in
            set.contains(scalar) ? JSONEscapes.escaped(scalar).map(Expression.bytes) : nil
          })
    case .sequence(let parts): .sequence(parts.map(\.escapedForJSON))
    case .choice(let parts): .choice(parts.map(\.escapedForJSON))
    case .repetition(let body, let minimum, let maximum):
      .repetition(body.escapedForJSON, minimum: minimum, maximum: maximum)
    case .byte, .rule, .graph, .automaton: self
    }
  }
}
