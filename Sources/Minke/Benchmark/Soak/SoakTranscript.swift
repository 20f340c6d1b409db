/// What came of one answer, in order: what must be the same whoever else is there.
package struct SoakTranscript: Sendable, Equatable {
  enum Channel: String, Sendable, Equatable {
    case reasoning, answer, call
  }

  struct Piece: Sendable, Equatable {
    var channel: Channel
    var text: String
  }

  struct Ending: Sendable, Equatable {
    var reason: GenerationResult.FinishReason
    var promptTokens: Int
    var reasoningTokens: Int
    var answerTokens: Int
    var droppedMessages: Int
    var droppedTokens: Int
    var isEmpty: Bool
  }

  private(set) var pieces: [Piece] = []
  /// nil where nobody waited for it.
  private(set) var ending: Ending?
  /// The first event that came where it must not.
  private(set) var disorder: String?
  /// Tokens of the prompt that were still to compute, as was last reported.
  private var left: Int?

  package init() {}

  package mutating func note(_ event: GenerationEvent) {
    if ending != nil { disorder = disorder ?? "\(event) after the end" }
    switch event {
    case .prefill(let done, let total):
      if !pieces.isEmpty { disorder = disorder ?? "prompt reported after text" }
      if done < 0 || done > total { disorder = disorder ?? "\(done) of \(total) tokens of the prompt" }
      left = total - done
    case .reasoning(let text): add(.reasoning, text)
    case .answer(let text): add(.answer, text)
    case .toolCall(let call): add(.call, "\(call)")
    case .finished(let result):
      let usage = result.usage
      ending = Ending(
        reason: result.finishReason, promptTokens: usage.promptTokens,
        reasoningTokens: usage.reasoningTokens, answerTokens: usage.answerTokens,
        droppedMessages: usage.droppedMessages, droppedTokens: usage.droppedTokens, isEmpty: result.isEmpty)
    }
  }

  private mutating func add(_ channel: Channel, _ text: String) {
    if left != 0, pieces.isEmpty { disorder = disorder ?? "text before the prompt was computed" }
    pieces.append(Piece(channel: channel, text: text))
  }

  func text(_ channel: Channel) -> String {
    pieces.filter { $0.channel == channel }.map(\.text).joined()
  }
}

// MARK: Comparing

extension SoakTranscript {
  /// The first difference from what was computed alone, piece by piece; nil where there is none.
  package func difference(from whole: SoakTranscript) -> String? {
    if let disorder { return disorder }
    if let difference = pieceDifference(from: whole) { return difference }
    guard pieces.count == whole.pieces.count else {
      return "piece \(pieces.count): nothing; expected \(whole.pieces[pieces.count])"
    }
    guard ending == whole.ending else {
      return "the end: \(Self.text(ending)); expected \(Self.text(whole.ending))"
    }
    return nil
  }

  /// The same for an answer that was broken off: it must be a beginning of the whole.
  ///
  /// - Parameter held: texts of which a beginning may stand at the end of a channel: see ``SoakCase/heldTexts(turn:)``.
  package func difference(fromBeginningOf whole: SoakTranscript, held: [String]) -> String? {
    if let disorder { return disorder }
    // Nobody waited for the end, so nothing that was held back was let go.
    guard let ending else { return pieceDifference(from: whole) }
    guard ending.reason == .cancelled else { return difference(from: whole) }
    for channel in [Channel.reasoning, .answer, .call] {
      let (found, expected) = (text(channel), whole.text(channel))
      if let place = Self.departure(of: found, from: expected, held: held) {
        return "\(channel.rawValue), byte \(place): \(Self.excerpt(found, place)); expected "
          + Self.excerpt(expected, place)
      }
    }
    guard let end = whole.ending else { return "no end of the whole" }
    guard ending.promptTokens == end.promptTokens, ending.reasoningTokens <= end.reasoningTokens,
      ending.answerTokens <= end.answerTokens
    else { return "the end: \(Self.text(ending)); expected no more than \(Self.text(end))" }
    return nil
  }

  /// Pieces that differ, but for those that are not there yet.
  private func pieceDifference(from whole: SoakTranscript) -> String? {
    for (index, piece) in pieces.enumerated() {
      guard index < whole.pieces.count else { return "piece \(index): \(piece); expected nothing" }
      guard piece == whole.pieces[index] else {
        return "piece \(index): \(piece); expected \(whole.pieces[index])"
      }
    }
    return nil
  }

  /// Where a text that was broken off is no beginning of the whole, in bytes.
  private static func departure(of text: String, from whole: String, held: [String]) -> Int? {
    let (found, expected) = (Array(text.utf8), Array(whole.utf8))
    let common = zip(found, expected).prefix { $0 == $1 }.count
    // Half a character is shown as U+FFFD; white space may be the family's before the end of the reasoning.
    let rest = String(decoding: found[common...], as: UTF8.self)
    let excess = rest.trimmingSuffix { $0 == "\u{FFFD}" || $0.isWhitespace }
    if excess.isEmpty || rest.unicodeScalars.allSatisfy({ $0 == "\u{FFFD}" }) { return nil }
    if common == expected.count, held.contains(where: { $0.hasPrefix(excess) }) { return nil }
    return common
  }

  private static func excerpt(_ text: String, _ place: Int) -> String {
    let bytes = Array(text.utf8)
    return "\"" + String(decoding: bytes[min(place, bytes.count)...].prefix(40), as: UTF8.self) + "\""
  }

  private static func text(_ ending: Ending?) -> String {
    guard let ending else { return "none" }
    return
      "\(ending.reason.rawValue), \(ending.promptTokens) tokens of the prompt, \(ending.reasoningTokens) of reasoning, "
      + "\(ending.answerTokens) of the answer, \(ending.droppedMessages) messages dropped"
  }
}

extension SoakTranscript.Piece: CustomStringConvertible {
  var description: String { "\(channel.rawValue) \"\(text)\"" }
}

extension String {
  /// Without the last characters that are as asked for.
  fileprivate func trimmingSuffix(_ isDropped: (Character) -> Bool) -> Substring {
    var end = endIndex
    while end > startIndex, isDropped(self[index(before: end)]) { end = index(before: end) }
    return self[..<end]
  }
}
