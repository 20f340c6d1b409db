/// Finds answers in plain text.
enum StatedAnswer {
  /// Announces an answer only where nothing else is on its line.
  private static let heading = "final answer"

  /// What announces an answer, in lower case; a longer text first where one begins another.
  private static let announcements = [
    "final answer is", "final answer:", heading, "the answer is", "answer is:", "answer:", "answer is",
    "最终答案是", "最终答案为", "答案是", "答案为", "答案：", "答案:",
  ].map { Array($0.utf8) }

  /// What follows the last announcement, up to the end of its sentence or line; if nothing does, the next line.
  static func last(in bytes: [UInt8]) -> String? {
    let lower = bytes.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    for place in bytes.indices.reversed() {
      guard
        let mark = announcements.first(where: {
          $0[0] == lower[place] && lower[place...].starts(with: $0)
        })
      else { continue }
      var rest = bytes[(place + mark.count)...]
      if mark.elementsEqual(heading.utf8) {
        let line = rest.prefix { $0 != UInt8(ascii: "\n") }
        guard undecorated(line).isEmpty else { continue }
        rest = rest[line.endIndex...]
      }
      for line in rest.split(separator: UInt8(ascii: "\n"), maxSplits: 8).prefix(4) {
        let answer = undecorated(sentence(line))
        if !answer.isEmpty { return answer }
      }
    }
    return nil
  }

  /// The last number, with its sign, decimals, thousands and a fraction.
  static func lastNumber(in bytes: [UInt8]) -> String? {
    func isPart(_ byte: UInt8) -> Bool {
      isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",")
    }
    guard let last = bytes.lastIndex(where: isDigit) else { return nil }
    var start = last
    while start > 0, isPart(bytes[start - 1]) { start -= 1 }
    if start > 1, bytes[start - 1] == UInt8(ascii: "/"), isDigit(bytes[start - 2]) {
      start -= 1
      while start > 0, isPart(bytes[start - 1]) { start -= 1 }
    }
    // A point or comma before the first digit ends something else, unless it is a decimal's.
    while !isDigit(bytes[start]), start < last, bytes[start] != UInt8(ascii: ".") { start += 1 }
    if start > 0, bytes[start - 1] == UInt8(ascii: "-"),
      start == 1 || !(isDigit(bytes[start - 2]) || isLetter(bytes[start - 2]))
    {
      start -= 1
    }
    return String(decoding: bytes[start...last], as: UTF8.self)
  }

  static func lastLine(in bytes: [UInt8]) -> String? {
    for line in bytes.split(separator: UInt8(ascii: "\n")).reversed() {
      let answer = undecorated(line)
      if !answer.isEmpty { return answer }
    }
    return nil
  }

  /// A line up to a point that ends a sentence, or a Chinese one.
  private static func sentence(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let fullStop = Array("。".utf8)
    for place in line.indices {
      if line[place] == fullStop[0], line[place...].starts(with: fullStop) { return line[..<place] }
      guard line[place] == UInt8(ascii: "."), place > line.startIndex else { continue }
      if place + 1 == line.endIndex || isSpace(line[place + 1]), !isSpace(line[place - 1]) {
        return line[..<place]
      }
    }
    return line
  }

  /// Without Markdown's marks, colons and white space at the ends.
  private static func undecorated(_ bytes: ArraySlice<UInt8>) -> String {
    func isDecoration(_ byte: UInt8) -> Bool { isSpace(byte) || "*_`#:>\"".utf8.contains(byte) }
    var bytes = bytes.drop(while: isDecoration)
    while let last = bytes.last, isDecoration(last) { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

/// An ASCII letter or part of any other character.
func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) || byte >= 0x80 }
