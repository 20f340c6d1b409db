/// Walks over a text scalar by scalar and knows where it is.
struct ScalarCursor {
  let scalars: [Unicode.Scalar]
  private let source: String
  var position = 0

  /// - Parameter source: what the text is, for messages.
  init(_ text: String, source: String) {
    scalars = Array(text.unicodeScalars)
    self.source = source
  }

  var isAtEnd: Bool { position >= scalars.count }
  var next: Unicode.Scalar? { isAtEnd ? nil : scalars[position] }

  mutating func take() -> Unicode.Scalar? {
    guard let scalar = next else { return nil }
    position += 1
    return scalar
  }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    position += 1
    return true
  }

  func starts(with text: String) -> Bool { scalars[position...].starts(with: text.unicodeScalars) }

  mutating func take(_ text: String) -> Bool {
    guard starts(with: text) else { return false }
    position += text.unicodeScalars.count
    return true
  }

  mutating func take(while isTaken: (Unicode.Scalar) -> Bool) -> String {
    var result = String.UnicodeScalarView()
    while let scalar = next, isTaken(scalar) {
      result.append(scalar)
      position += 1
    }
    return String(result)
  }

  /// A decimal number, at most 999,999,999.
  mutating func takeNumber() -> Int? {
    let digits = take { ("0"..."9").contains($0) }
    return digits.isEmpty ? nil : (digits.count > 9 ? 999_999_999 : Int(digits))
  }

  /// So many hexadecimal digits.
  mutating func takeHexadecimal(_ count: Int) -> UInt32? {
    guard position + count <= scalars.count else { return nil }
    var value: UInt32 = 0
    for scalar in scalars[position..<position + count] {
      guard scalar.isASCII, let digit = Character(scalar).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
    }
    position += count
    return value
  }

  /// What comes next, for a message.
  var found: String {
    guard let scalar = next else { return "the end" }
    return scalar.properties.generalCategory == .control
      ? "U+\(String(scalar.value, radix: 16))" : "'\(scalar)'"
  }

  func error(found: String, expected: String) -> GrammarError {
    var line = 1
    var column = 1
    for scalar in scalars[..<min(position, scalars.count)] {
      column += 1
      if scalar == "\n" { (line, column) = (line + 1, 1) }
    }
    return GrammarError(at: "\(source), line \(line), column \(column)", found: found, expected: expected)
  }
}
