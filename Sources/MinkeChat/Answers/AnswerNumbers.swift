/// The numbers in an answer, each in one form.
enum AnswerNumbers {
  /// The answer with its numbers in their shortest form, or, if it is one fraction of whole numbers, its value.
  static func canonical(_ answer: String) -> String {
    var result: [UInt8] = []
    let bytes = Array(answer.utf8)
    var place = 0
    var depth = 0
    while place < bytes.count {
      let byte = bytes[place]
      let isDecimal = byte == UInt8(ascii: ".") && place + 1 < bytes.count && isDigit(bytes[place + 1])
      guard isDigit(byte) || isDecimal else {
        if "([{".utf8.contains(byte) { depth += 1 }
        if ")]}".utf8.contains(byte) { depth -= 1 }
        result.append(byte)
        place += 1
        continue
      }
      // Inside of brackets a comma divides the members of a list.
      let end = numberEnd(bytes, from: place, allowsThousands: depth == 0)
      result += shortest(bytes[place..<end].filter { $0 != UInt8(ascii: ",") })
      place = end
    }
    let text = String(decoding: result, as: UTF8.self)
    return fraction(text) ?? signed(text)
  }

  /// Where the number that begins at `start` ends: digits in groups of three, a point, digits.
  private static func numberEnd(_ bytes: [UInt8], from start: Int, allowsThousands: Bool) -> Int {
    func digits(from place: Int) -> Int {
      bytes[place...].firstIndex { !isDigit($0) }.map { $0 - place } ?? bytes.count - place
    }
    let first = digits(from: start)
    var end = start + first
    if allowsThousands, (1...3).contains(first) {
      while end < bytes.count, bytes[end] == UInt8(ascii: ","), digits(from: end + 1) == 3 { end += 4 }
    }
    if end + 1 < bytes.count, bytes[end] == UInt8(ascii: "."), isDigit(bytes[end + 1]) {
      end += 1 + digits(from: end + 1)
    }
    return end
  }

  /// Without zeros that say nothing.
  private static func shortest(_ number: [UInt8]) -> [UInt8] {
    var number = number[...]
    if number.contains(UInt8(ascii: ".")) {
      while number.last == UInt8(ascii: "0") { number.removeLast() }
      if number.last == UInt8(ascii: ".") { number.removeLast() }
    }
    number = number.drop { $0 == UInt8(ascii: "0") }
    if number.first.map({ !isDigit($0) }) ?? true { number = [UInt8(ascii: "0")] + number }
    return Array(number)
  }

  private static func signed(_ text: String) -> String {
    if text == "-0" || text == "+0" { return "0" }
    return text.hasPrefix("+") ? String(text.dropFirst()) : text
  }

  /// The value of `a/b` as a decimal, or as a reduced fraction where that has more than twelve places.
  private static func fraction(_ text: String) -> String? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let numerator = Int(parts[0]), let denominator = Int(parts[1]), denominator != 0,
      numerator.magnitude.leadingZeroBitCount > 8, denominator.magnitude.leadingZeroBitCount > 8
    else { return nil }
    let (top, bottom) = reduced(numerator.magnitude, denominator.magnitude)
    let sign = (numerator < 0) != (denominator < 0) && top != 0 ? "-" : ""
    var rest = top % bottom
    var digits = ""
    while rest != 0, digits.utf8.count < 12 {
      digits += String(rest * 10 / bottom)
      rest = rest * 10 % bottom
    }
    guard rest == 0 else { return "\(sign)\(top)/\(bottom)" }
    return sign + String(top / bottom) + (digits.isEmpty ? "" : "." + digits)
  }

  private static func reduced(_ top: UInt, _ bottom: UInt) -> (UInt, UInt) {
    var (a, b) = (top, bottom)
    while b != 0 { (a, b) = (b, a % b) }
    return (top / a, bottom / a)
  }
}
