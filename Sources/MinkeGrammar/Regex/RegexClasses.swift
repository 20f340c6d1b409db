/// The sets of characters in regular expressions.
enum RegexClasses {
  static let digits = ScalarSet([0x30...0x39])
  static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  /// ECMA-262's WhiteSpace and LineTerminator.
  static let space = ScalarSet([
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
    0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
  ])
  static let dot = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]).complement

  /// A class in brackets.
  static func bracket(_ cursor: inout ScalarCursor) throws(GrammarError) -> ScalarSet {
    _ = cursor.take("[")
    let isNegated = cursor.take("^")
    var result = ScalarSet([])
    while !cursor.take("]") {
      guard !cursor.isAtEnd else { throw cursor.error(found: "the end", expected: "]") }
      if cursor.starts(with: "[:") || cursor.starts(with: "&&") || cursor.starts(with: "--") {
        throw cursor.error(found: "a set operation or POSIX class", expected: "characters and ranges")
      }
      let low = try member(&cursor)
      guard cursor.next == "-", cursor.position + 1 < cursor.scalars.count,
        cursor.scalars[cursor.position + 1] != "]"
      else {
        result = result.union(low)
        continue
      }
      cursor.position += 1
      let high = try member(&cursor)
      guard let first = low.onlyScalar, let last = high.onlyScalar, first <= last else {
        throw cursor.error(found: "a range that is out of order or of classes", expected: "a-z")
      }
      result = result.union(ScalarSet([first...last]))
    }
    return isNegated ? result.complement : result
  }

  private static func member(_ cursor: inout ScalarCursor) throws(GrammarError) -> ScalarSet {
    if cursor.next == "\\" {
      if cursor.take("\\b") { return ScalarSet([8...8]) }
      return try escape(&cursor)
    }
    guard let scalar = cursor.take() else { throw cursor.error(found: "the end", expected: "]") }
    return ScalarSet([scalar.value...scalar.value])
  }

  /// An escape that stands for one character or a class of them.
  static func escape(_ cursor: inout ScalarCursor) throws(GrammarError) -> ScalarSet {
    _ = cursor.take("\\")
    guard let scalar = cursor.take() else { throw cursor.error(found: "the end", expected: "an escape") }
    switch scalar {
    case "d": return digits
    case "D": return digits.complement
    case "w": return word
    case "W": return word.complement
    case "s": return space
    case "S": return space.complement
    case "p", "P":
      let set = try UnicodeCategory.set(&cursor)
      return scalar == "p" ? set : set.complement
    default:
      let value = try value(of: scalar, &cursor)
      return ScalarSet([value...value])
    }
  }

  private static func value(
    of scalar: Unicode.Scalar, _ cursor: inout ScalarCursor
  ) throws(GrammarError) -> UInt32 {
    switch scalar {
    case "n": return 0x0A
    case "r": return 0x0D
    case "t": return 0x09
    case "f": return 0x0C
    case "v": return 0x0B
    case "0":
      if let digit = cursor.next, ("0"..."9").contains(digit) {
        throw cursor.error(found: "an octal escape", expected: "\\x and two digits")
      }
      return 0
    case "x":
      guard let value = cursor.takeHexadecimal(2) else { break }
      return value
    case "u":
      if let value = try unicodeEscape(&cursor) { return value }
    case "c":
      guard let letter = cursor.take(), letter.isASCII, letter.properties.isAlphabetic else { break }
      return letter.value & 31
    default:
      // Letters that mean nothing yet are refused, as ECMA-262 does with its flag u.
      guard scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else { break }
      return scalar.value
    }
    throw cursor.error(found: "the escape \\\(scalar)", expected: "one that is documented")
  }

  /// After `\u`: four digits, a pair of surrogates, or digits in braces.
  private static func unicodeEscape(_ cursor: inout ScalarCursor) throws(GrammarError) -> UInt32? {
    if cursor.take("{") {
      let digits = cursor.take { $0.isASCII && Character($0).isHexDigit }
      guard cursor.take("}"), let value = UInt32(digits, radix: 16), Unicode.Scalar(value) != nil else {
        return nil
      }
      return value
    }
    guard let first = cursor.takeHexadecimal(4) else { return nil }
    guard ScalarSet.surrogates.contains(first) else { return first }
    guard first < 0xDC00, cursor.take("\\u"), let second = cursor.takeHexadecimal(4),
      (0xDC00...0xDFFF).contains(second)
    else { throw cursor.error(found: "half a surrogate pair", expected: "a whole character") }
    return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
  }
}

extension ScalarSet {
  /// The one scalar, if there is just one.
  var onlyScalar: UInt32? {
    ranges.count == 1 && ranges[0].count == 1 ? ranges[0].lowerBound : nil
  }
}
