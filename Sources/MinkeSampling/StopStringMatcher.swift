/// Cuts a streamed text before the first stop string, however the text is divided into pieces.
///
/// Text is passed on as soon as it cannot be part of a stop string: only a suffix that is a prefix of one
/// is held back. The stop string that is complete first ends the text (the longest, if several are
/// complete at the same place), so the result does not depend on the pieces. Bytes are compared, each
/// once per stop string (Knuth, Morris and Pratt 1977).
public struct StopStringMatcher: Sendable {
  /// What is known after a piece of text.
  public struct Output: Sendable, Equatable {
    /// Text that can be shown.
    public var text: String
    /// The stop string that ended the text.
    public var stop: String?

    public init(text: String, stop: String?) {
      self.text = text
      self.stop = stop
    }
  }

  public static let maximumCount = 64
  public static let maximumLength = 4096

  private struct Pattern: Sendable {
    let text: String
    let bytes: [UInt8]
    /// By number of bytes matched: how many still match after the next one fails.
    let fallback: [Int]
    var matched = 0
  }

  private var patterns: [Pattern] = []
  private var held: [UInt8] = []
  /// Whether a stop string was found; nothing is passed on afterwards.
  public private(set) var isStopped = false

  /// - Throws: if there are more than ``maximumCount`` stop strings, or one is empty or longer than
  ///   ``maximumLength`` bytes.
  public init(_ stops: [String]) throws(SamplingError) {
    guard stops.count <= Self.maximumCount else {
      throw SamplingError(
        field: "stop", found: "\(stops.count) strings", expected: "at most \(Self.maximumCount)")
    }
    for (index, stop) in stops.enumerated() {
      guard (1...Self.maximumLength).contains(stop.utf8.count) else {
        throw SamplingError(
          field: "stop[\(index)]", found: "\(stop.utf8.count) bytes",
          expected: "1 to \(Self.maximumLength) bytes")
      }
      let bytes = Array(stop.utf8)
      patterns.append(Pattern(text: stop, bytes: bytes, fallback: Self.fallback(of: bytes)))
    }
  }

  /// Takes the next piece of text.
  public mutating func push(_ text: String) -> Output {
    guard !isStopped else { return Output(text: "", stop: nil) }
    guard !patterns.isEmpty else { return Output(text: text, stop: nil) }
    for byte in text.utf8 {
      held.append(byte)
      if let index = advance(byte) {
        isStopped = true
        held.removeLast(patterns[index].bytes.count)
        return Output(text: take(held.count), stop: patterns[index].text)
      }
    }
    let possible = patterns.reduce(0) { max($0, $1.matched) }
    return Output(text: take(held.count - possible), stop: nil)
  }

  /// The text has ended, or something else comes between: what was held back is no stop string after all.
  public mutating func finish() -> String {
    for index in patterns.indices { patterns[index].matched = 0 }
    return take(isStopped ? 0 : held.count)
  }

  private mutating func take(_ count: Int) -> String {
    let text = String(decoding: held[..<count], as: UTF8.self)
    held.removeFirst(count)
    return text
  }

  /// Returns the pattern that `byte` completes.
  private mutating func advance(_ byte: UInt8) -> Int? {
    var complete: Int?
    for index in patterns.indices {
      var matched = patterns[index].matched
      while matched > 0, patterns[index].bytes[matched] != byte {
        matched = patterns[index].fallback[matched]
      }
      if patterns[index].bytes[matched] == byte { matched += 1 }
      patterns[index].matched = matched
      if matched == patterns[index].bytes.count,
        matched > complete.map({ patterns[$0].bytes.count }) ?? 0
      {
        complete = index
      }
    }
    return complete
  }

  private static func fallback(of bytes: [UInt8]) -> [Int] {
    var fallback = [Int](repeating: 0, count: bytes.count)
    var matched = 0
    for place in 1..<max(bytes.count, 1) {
      fallback[place] = matched
      while matched > 0, bytes[matched] != bytes[place] { matched = fallback[matched] }
      if bytes[matched] == bytes[place] { matched += 1 }
    }
    return fallback
  }
}
