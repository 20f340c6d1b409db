import MinkeSampling
import Testing

@Suite struct `Stop strings` {
  /// The definition: the text before the stop string that is complete first.
  private func reference(_ text: String, _ stops: [String]) -> (String, String?) {
    let bytes = Array(text.utf8)
    for end in 0...bytes.count {
      let complete = stops.filter { bytes[..<end].reversed().starts(with: $0.utf8.reversed()) }
      if let stop = complete.max(by: { $0.utf8.count < $1.utf8.count }) {
        return (String(decoding: bytes[..<(end - stop.utf8.count)], as: UTF8.self), stop)
      }
    }
    return (text, nil)
  }

  private func run(_ pieces: [String], _ stops: [String]) throws -> (String, String?) {
    var matcher = try StopStringMatcher(stops)
    var text = ""
    var stop: String?
    for piece in pieces {
      let output = matcher.push(piece)
      text += output.text
      stop = stop ?? output.stop
    }
    return (text + matcher.finish(), stop)
  }

  /// Something that is no text stood between, such as a call of a tool.
  @Test func `What comes after an end begins anew`() throws {
    for stop in ["abc", "abcd"] {
      var matcher = try StopStringMatcher([stop])
      #expect(matcher.push("xab").text + matcher.finish() == "xab")
      let output = matcher.push("cde")
      #expect(output.text + matcher.finish() == "cde" && output.stop == nil)
      #expect(matcher.push("yabcd").stop == stop)
    }
  }

  private static let cases: [(String, [String])] = [
    ("Hello world", []),
    ("Hello world", ["wor"]),
    ("aaab", ["aab"]),
    ("abababac", ["ababac"]),
    ("one\n\nUser: two", ["\n\nUser:", "\n\nSystem:"]),
    ("xabcd", ["bc", "abcd", "abc"]),
    ("xabc", ["bc", "abc", "c"]),
    ("鲸鱼🐋在海里", ["🐋在"]),
    ("鲸鱼🐋", ["🐋在", "鲸🐋"]),
    ("e\u{301}e", ["e\u{301}"]),
    ("tail <|im", ["<|im_end|>"]),
  ]

  @Test(arguments: cases) func `every division of the text gives the same`(
    text: String, stops: [String]
  ) throws {
    let expected = reference(text, stops)
    let scalars = text.unicodeScalars.map(String.init)
    for first in 0...scalars.count {
      for second in first...scalars.count {
        let pieces = [scalars[..<first], scalars[first..<second], scalars[second...]].map { $0.joined() }
        let found = try run(pieces, stops)
        #expect(found == expected)
      }
    }
    #expect(try run(scalars, stops) == expected)
  }

  @Test func `random texts and stops`() throws {
    var random = SeededGenerator(21)
    for _ in 0..<2000 {
      let text = String((0..<20).map { _ in "ab✓".randomElement(using: &random)! })
      let stops = (0..<3).map { _ in
        String((0..<Int.random(in: 1...5, using: &random)).map { _ in "ab✓".randomElement(using: &random)! })
      }
      #expect(try run(text.unicodeScalars.map(String.init), stops) == reference(text, stops))
    }
  }

  @Test func `only a possible beginning is held back`() throws {
    var matcher = try StopStringMatcher(["</s>"])
    #expect(matcher.push("abc<").text == "abc")
    #expect(matcher.push("/x").text == "</x")
    #expect(matcher.push("y</").text == "y")
    #expect(matcher.push("s>z") == .init(text: "", stop: "</s>"))
    #expect(matcher.isStopped)
    #expect(matcher.push("more") == .init(text: "", stop: nil))
    #expect(matcher.finish() == "")
  }

  @Test func `empty, long and many stop strings are refused`() {
    #expect(throws: SamplingError.self) { try StopStringMatcher(["a", ""]) }
    #expect(throws: SamplingError.self) {
      try StopStringMatcher([String(repeating: "a", count: 4097)])
    }
    #expect(throws: SamplingError.self) {
      try StopStringMatcher(Array(repeating: "a", count: 65))
    }
  }
}

@Suite struct `Loops` {
  private func firstAlarm(_ tokens: [Int32]) -> Int? {
    var detector = LoopDetector()
    return tokens.firstIndex { detector.push($0) }
  }

  @Test(arguments: [1, 2, 7, 40, 200]) func `a repeated block is noticed`(period: Int) throws {
    var random = SeededGenerator(31)
    let start = (0..<500).map { _ in Int32.random(in: 0..<50_000, using: &random) }
    let block = (0..<period).map { _ in Int32.random(in: 0..<50_000, using: &random) }
    let tokens = start + (0..<2000).map { block[$0 % period] }
    let alarm = try #require(firstAlarm(tokens))
    #expect(alarm >= start.count + max(160, 4 * period) - 1 - period)
    #expect(alarm <= start.count + max(160, 5 * period) + 16)
  }

  @Test func `ordinary text, lists and three copies are not loops`() {
    var random = SeededGenerator(32)
    let words = (0..<4000).map { _ in Int32.random(in: 0..<200, using: &random) }
    #expect(firstAlarm(words) == nil)
    let list = (0..<400).flatMap { [7, 8, Int32(1000 + $0), 9] as [Int32] }
    #expect(firstAlarm(list) == nil)
    let block = Array(words[..<100])
    #expect(firstAlarm(words + block + block + block + words.reversed()) == nil)
  }
}
