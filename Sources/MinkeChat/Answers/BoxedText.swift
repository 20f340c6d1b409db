/// Finds what mathematical answers are put into: `\boxed{…}`.
enum BoxedText {
  private static let marks = ["\\boxed", "\\fbox"].map { Array($0.utf8) }

  /// The content of the last box whose braces are balanced and which is not empty; `nil` if there is none.
  static func last(in bytes: [UInt8]) -> String? {
    /// Where each open brace's content begins, and whether it is a box's.
    var open: [(start: Int, isBox: Bool)] = []
    var last: Range<Int>?
    var place = 0
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\\"):
        if let mark = marks.first(where: { bytes[place...].starts(with: $0) }) {
          var next = place + mark.count
          while next < bytes.count, isSpace(bytes[next]) { next += 1 }
          if next < bytes.count, bytes[next] == UInt8(ascii: "{") {
            open.append((next + 1, true))
            place = next
          }
        } else {
          // An escaped brace is none.
          place += 1
        }
      case UInt8(ascii: "{"): open.append((place + 1, false))
      case UInt8(ascii: "}"):
        if let brace = open.popLast(), brace.isBox, brace.start >= last?.lowerBound ?? 0,
          bytes[brace.start..<place].contains(where: { !isSpace($0) })
        {
          last = brace.start..<place
        }
      default: break
      }
      place += 1
    }
    return last.map { trimmedText(bytes[$0]) }
  }
}

/// The text of some bytes without white space at its ends.
func trimmedText(_ bytes: ArraySlice<UInt8>) -> String {
  var bytes = bytes.drop(while: isSpace)
  while let last = bytes.last, isSpace(last) { bytes.removeLast() }
  return String(decoding: bytes, as: UTF8.self)
}
