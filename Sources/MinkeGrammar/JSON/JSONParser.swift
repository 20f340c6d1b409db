/// Reads JSON text (RFC 8259): strictly, with names that are unique, without halves of surrogate pairs.
package struct JSONParser {
  private let bytes: [UInt8]
  private var position = 0

  package static func parse(_ text: String) throws(GrammarError) -> JSONValue {
    var parser = JSONParser(bytes: Array(text.utf8))
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.position == parser.bytes.count else { throw parser.error("more text", "the end") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func error(_ found: String, _ expected: String) -> GrammarError {
    GrammarError(at: "JSON text, byte \(position)", found: found, expected: expected)
  }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private mutating func take(_ text: String) -> Bool {
    guard bytes[position...].starts(with: text.utf8) else { return false }
    position += text.utf8.count
    return true
  }

  private mutating func value(depth: Int) throws(GrammarError) -> JSONValue {
    guard depth < GrammarLimits.nesting else {
      throw error("values nested deeper than \(GrammarLimits.nesting)", "fewer levels")
    }
    skipSpace()
    if take("{") { return .object(try members(depth)) }
    if take("[") { return .array(try elements(depth)) }
    if take("null") { return .null }
    if take("true") { return .bool(true) }
    if take("false") { return .bool(false) }
    if next == UInt8(ascii: "\"") { return .string(try string()) }
    return .number(try number())
  }

  private mutating func elements(_ depth: Int) throws(GrammarError) -> [JSONValue] {
    var result: [JSONValue] = []
    skipSpace()
    if take("]") { return result }
    while true {
      result.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return result }
      guard take(",") else { throw error("something else", "a comma or ]") }
    }
  }

  private mutating func members(_ depth: Int) throws(GrammarError) -> JSONMembers {
    var result = JSONMembers()
    skipSpace()
    if take("}") { return result }
    while true {
      skipSpace()
      let name = try string()
      skipSpace()
      guard take(":") else { throw error("something else", "a colon") }
      guard result.add(name, try value(depth: depth + 1)) else {
        throw error("a second member \"\(name)\"", "each name once")
      }
      skipSpace()
      if take("}") { return result }
      guard take(",") else { throw error("something else", "a comma or }") }
    }
  }

  private mutating func digits() -> [UInt8] {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    return bytes[start..<position].map { $0 - 0x30 }
  }

  private mutating func number() throws(GrammarError) -> JSONNumber {
    let isNegative = take("-")
    let whole = digits()
    guard !whole.isEmpty, whole == [0] || whole[0] != 0 else { throw error("something else", "a value") }
    var fraction: [UInt8] = []
    if take(".") {
      fraction = digits()
      guard !fraction.isEmpty else { throw error("a point without digits", "digits") }
    }
    var exponent = 0
    if take("e") || take("E") {
      let isSmall = take("-")
      if !isSmall { _ = take("+") }
      let digits = digits()
      guard !digits.isEmpty else { throw error("an exponent without digits", "digits") }
      let size = digits.count > 6 ? 1_000_000 : digits.reduce(0) { $0 * 10 + Int($1) }
      exponent = isSmall ? -size : size
    }
    guard
      let number = JSONNumber(isNegative: isNegative, whole: whole, fraction: fraction, exponent: exponent)
    else { throw error("a number too large or too small", "one within 10^±\(JSONNumber.maximumExponent)") }
    return number
  }

  private mutating func string() throws(GrammarError) -> JSONText {
    guard take("\"") else { throw error("something else", "a string") }
    var result: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return JSONText(bytes: result)
      case UInt8(ascii: "\\"): result += try escape()
      case 0..<0x20: throw error("a control character", "an escape")
      default: result.append(byte)
      }
    }
    throw error("the end", "the end of a string")
  }

  private mutating func escape() throws(GrammarError) -> [UInt8] {
    let plain: [UInt8: UInt8] = [
      UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
      UInt8(ascii: "t"): 9, UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F,
    ]
    if let byte = next, let value = plain[byte] {
      position += 1
      return [value]
    }
    guard take("u"), let first = hexadecimal() else { throw error("an unknown escape", "an escape") }
    var value = first
    if (0xD800..<0xDC00).contains(first), take("\\u"), let second = hexadecimal(),
      (0xDC00...0xDFFF).contains(second)
    {
      value = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw error("half a surrogate pair", "a whole character")
    }
    return Array(String(scalar).utf8)
  }

  private mutating func hexadecimal() -> UInt32? {
    guard position + 4 <= bytes.count else { return nil }
    let digits = bytes[position..<position + 4].map { Character(Unicode.Scalar($0)).hexDigitValue }
    guard !digits.contains(nil) else { return nil }
    position += 4
    return digits.reduce(0) { $0 << 4 | UInt32($1 ?? 0) }
  }
}
