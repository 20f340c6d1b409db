/// A decimal number, exactly.
package struct JSONNumber: Sendable, Hashable, Comparable {
  static let zero = JSONNumber(isNegative: false, digits: [], exponent: 0)
  /// Powers of ten beyond this are no numbers for a schema.
  static let maximumExponent = 400

  let isNegative: Bool
  /// From 0 to 9, the first and the last not 0; empty for zero. The value is 0.digits × 10^exponent.
  let digits: [UInt8]
  let exponent: Int

  private init(isNegative: Bool, digits: [UInt8], exponent: Int) {
    self.isNegative = isNegative && !digits.isEmpty
    self.digits = digits
    self.exponent = digits.isEmpty ? 0 : exponent
  }

  /// The number of a valid JSON number's parts; nil if it is too large or too small.
  init?(isNegative: Bool, whole: [UInt8], fraction: [UInt8], exponent: Int) {
    let all = whole + fraction
    let leading = all.prefix { $0 == 0 }.count
    var digits = Array(all.dropFirst(leading))
    while digits.last == 0 { digits.removeLast() }
    let position = whole.count - leading + exponent
    guard digits.isEmpty || (-Self.maximumExponent...Self.maximumExponent).contains(position),
      digits.count <= Self.maximumExponent
    else { return nil }
    self.init(isNegative: isNegative, digits: digits, exponent: position)
  }

  package init(_ value: Int) {
    let digits = String(value.magnitude).utf8.map { $0 - 0x30 }
    // An Int has at most 19 digits.
    self = Self(isNegative: value < 0, whole: digits, fraction: [], exponent: 0) ?? .zero
  }

  var isInteger: Bool { digits.count <= exponent || digits.isEmpty }
  var magnitude: JSONNumber { JSONNumber(isNegative: false, digits: digits, exponent: exponent) }
  var negated: JSONNumber { JSONNumber(isNegative: !isNegative, digits: digits, exponent: exponent) }

  /// The digits before the decimal point; `[0]` if there are none.
  var whole: [UInt8] {
    guard exponent > 0 else { return [0] }
    return Array(digits.prefix(exponent)) + Array(repeating: 0, count: max(0, exponent - digits.count))
  }

  /// The digits after the decimal point, without zeros at the end.
  var fraction: [UInt8] {
    guard exponent < digits.count else { return [] }
    return Array(repeating: 0, count: max(0, -exponent)) + digits.dropFirst(max(0, exponent))
  }

  /// Plain decimal notation.
  package var text: String {
    let point = fraction.isEmpty ? "" : "." + fraction.map(String.init).joined()
    return (isNegative ? "-" : "") + whole.map(String.init).joined() + point
  }

  /// The value, if it is an integer that fits.
  var integer: Int? { isInteger ? Int(text) : nil }

  package static func < (left: JSONNumber, right: JSONNumber) -> Bool {
    if left.isNegative != right.isNegative { return left.isNegative }
    let isLess = left.magnitudePrecedes(right)
    let isGreater = right.magnitudePrecedes(left)
    return left.isNegative ? isGreater : isLess
  }

  private func magnitudePrecedes(_ other: JSONNumber) -> Bool {
    if digits.isEmpty || other.digits.isEmpty { return !other.digits.isEmpty && digits.isEmpty }
    if exponent != other.exponent { return exponent < other.exponent }
    return digits.lexicographicallyPrecedes(other.digits)
  }
}
