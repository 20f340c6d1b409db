/// Reads JSON (RFC 8259) from front to back, handing out members and elements as they come.
///
/// Vocabularies have a million strings and tell `é` from `é` in two scalars; headers must not name a tensor twice. So
/// strings are the bytes that the file spells, large documents need no tree, and every error names its byte. Nesting is
/// limited by ``depthLimit``, and a tree by ``nodeLimit``.
struct JSONReader {
  /// Of the file, for messages.
  let path: String
  private let bytes: [UInt8]
  private(set) var position = 0
  private var depth = 0
  private var nodes = 0

  static let depthLimit = 64
  /// Values of all trees that one reader makes. A vocabulary's added tokens are some 50,000.
  static let nodeLimit = 1 << 20

  /// - Throws: when the bytes are not UTF-8.
  init(_ bytes: [UInt8], path: String) throws(CheckpointError) {
    self.path = path
    self.bytes = bytes
    guard (try? UTF8Span(validating: bytes.span)) != nil else {
      throw CheckpointError(
        .malformed, path: path, at: .file, found: "text that is not UTF-8", expected: "JSON in UTF-8")
    }
    // A byte order mark may precede the text.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  // MARK: Structure

  /// Reads an object; `member` must read the value of the key that it is given.
  mutating func object(
    _ member: (inout JSONReader, String) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    try open("{", "an object")
    if !skipped("}") {
      repeat {
        let key = try string()
        try take(":")
        try member(&self, key)
      } while try continues(to: "}")
    }
    depth -= 1
  }

  /// Reads an object whose keys may be any bytes; `member` must read the value of the key, which was appended to `text`.
  mutating func object(
    appendingKeysTo text: inout [UInt8],
    _ member: (inout JSONReader, inout [UInt8]) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    try open("{", "an object")
    if !skipped("}") {
      repeat {
        try string(into: &text)
        try take(":")
        try member(&self, &text)
      } while try continues(to: "}")
    }
    depth -= 1
  }

  /// Reads an array; `element` must read one value.
  mutating func array(
    _ element: (inout JSONReader) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    try open("[", "an array")
    if !skipped("]") {
      repeat { try element(&self) } while try continues(to: "]")
    }
    depth -= 1
  }

  /// Checks that nothing follows.
  mutating func finish() throws(CheckpointError) {
    skipSpace()
    guard position == bytes.count else { throw failure("more text after the value", "the end") }
  }

  /// The first byte of the next value.
  mutating func peek() -> Unicode.Scalar? {
    skipSpace()
    return position < bytes.count ? Unicode.Scalar(bytes[position]) : nil
  }

  // MARK: Values

  mutating func string() throws(CheckpointError) -> String {
    var text: [UInt8] = []
    try string(into: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the bytes of a string.
  mutating func string(into text: inout [UInt8]) throws(CheckpointError) {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
      throw failure(describedNext, "a string")
    }
    position += 1
    while true {
      let start = position
      while position < bytes.count, bytes[position] >= 0x20, bytes[position] != UInt8(ascii: "\""),
        bytes[position] != UInt8(ascii: "\\")
      { position += 1 }
      text.append(contentsOf: bytes[start..<position])
      guard position < bytes.count else { throw failure("the end", "the end of a string") }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return
      case UInt8(ascii: "\\"): try escape(into: &text)
      default: throw failure("a control character in a string", "an escape in its place")
      }
    }
  }

  /// A whole number.
  mutating func integer() throws(CheckpointError) -> Int {
    let start = position
    guard case .integer(let value) = try number() else {
      position = start
      throw failure("a number that is not whole or beyond 64 bits", "a whole number")
    }
    return value
  }

  /// The next value as a tree. A key that an object has twice is refused.
  mutating func value() throws(CheckpointError) -> JSONValue {
    nodes += 1
    guard nodes <= Self.nodeLimit else {
      throw failure("more than \(Self.nodeLimit) values", "at most so many")
    }
    switch peek() {
    case "{":
      var members: [String: JSONValue] = [:]
      try object { (reader, key) throws(CheckpointError) in
        let start = reader.position
        guard members.updateValue(try reader.value(), forKey: key) == nil else {
          reader.position = start
          throw reader.failure("the key \"\(key)\" a second time", "every key once")
        }
      }
      return .object(members)
    case "[":
      var elements: [JSONValue] = []
      try array { (reader) throws(CheckpointError) in elements.append(try reader.value()) }
      return .array(elements)
    case "\"": return .string(try string())
    case .some("0"..."9"), "-", "N", "I": return try number()
    default:
      for (word, value) in [("true", JSONValue.bool(true)), ("false", .bool(false)), ("null", .null)]
      where skipped(word: word) { return value }
      throw failure(describedNext, "a value")
    }
  }

  /// Steps over a value of any kind.
  mutating func skip() throws(CheckpointError) {
    switch peek() {
    case "{": try object { (reader, _) throws(CheckpointError) in try reader.skip() }
    case "[": try array { (reader) throws(CheckpointError) in try reader.skip() }
    default: _ = try value()
    }
  }
}

// MARK: Parts

extension JSONReader {
  func failure(_ found: String, _ expected: String) -> CheckpointError {
    CheckpointError(
      .malformed, path: path, at: .file, offset: position, found: found, expected: expected,
      remedy: "the file is not valid JSON: fetch it again")
  }

  private var describedNext: String {
    guard position < bytes.count else { return "the end" }
    return "\"" + String(decoding: bytes[position...].prefix(12), as: UTF8.self) + "\""
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private mutating func open(_ bracket: Unicode.Scalar, _ expected: String) throws(CheckpointError) {
    guard skipped(bracket) else { throw failure(describedNext, expected) }
    depth += 1
    guard depth <= Self.depthLimit else {
      throw failure("nesting \(depth) deep", "at most \(Self.depthLimit)")
    }
  }

  /// Whether another member or element follows; steps over the comma or the closing bracket.
  private mutating func continues(to closing: Unicode.Scalar) throws(CheckpointError) -> Bool {
    if skipped(",") { return true }
    guard skipped(closing) else { throw failure(describedNext, "\",\" or \"\(closing)\"") }
    return false
  }

  private mutating func take(_ scalar: Unicode.Scalar) throws(CheckpointError) {
    guard skipped(scalar) else { throw failure(describedNext, "\"\(scalar)\"") }
  }

  private mutating func skipped(_ scalar: Unicode.Scalar) -> Bool {
    guard peek() == scalar else { return false }
    position += 1
    return true
  }

  private mutating func skipped(word: String) -> Bool {
    guard bytes[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  /// A number, or one of the words that Python writes for what is none.
  private mutating func number() throws(CheckpointError) -> JSONValue {
    skipSpace()
    for (word, value) in [("NaN", Double.nan), ("Infinity", .infinity), ("-Infinity", -.infinity)]
    where skipped(word: word) { return .number(value) }
    let start = position
    while position < bytes.count, isNumeric(bytes[position]) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    // Swift reads "+1", ".5" and "1." too, which JSON does not know.
    let digits = text.drop { $0 == "-" }
    if digits.first?.isNumber == true, digits.last?.isNumber == true {
      if let integer = Int(text) { return .integer(integer) }
      if let value = Double(text) { return .number(value) }
    }
    position = start
    throw failure(describedNext, "a number")
  }

  private func isNumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
      UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  /// Appends what the escape at the position stands for.
  private mutating func escape(into text: inout [UInt8]) throws(CheckpointError) {
    let start = position
    position += 1
    guard position < bytes.count else { throw failure("the end", "an escape") }
    let letter = bytes[position]
    position += 1
    switch letter {
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
    case UInt8(ascii: "u"):
      var value = try fourDigits()
      if value & 0xFC00 == 0xD800, skipped(word: "\\u") {
        let low = try fourDigits()
        if low & 0xFC00 == 0xDC00 { value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF) }
      }
      guard let scalar = Unicode.Scalar(value) else {
        position = start
        throw failure("an escaped surrogate without its partner", "a character")
      }
      text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    default:
      position = start
      throw failure(describedNext, "an escape that JSON has")
    }
  }

  private mutating func fourDigits() throws(CheckpointError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
      else {
        throw failure(describedNext, "four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
