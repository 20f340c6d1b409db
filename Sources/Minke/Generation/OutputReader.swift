internal import MinkeChat
internal import MinkeSampling
internal import MinkeTokenizers

/// From tokens to events: whole characters, then reasoning, answer and calls of tools, then stop strings in the answer.
struct OutputReader {
  private let tokenizer: Tokenizer
  /// Control tokens that the parser looks for; others are structure and never shown.
  private let marks: Set<TokenID>
  private var detokenizer: IncrementalDetokenizer
  private var parser: OutputParser
  private var stops: StopStringMatcher

  /// Whether the model is reasoning, after the last token.
  var isReasoning: Bool { parser.isReasoning }
  /// Whether a stop string ended the answer.
  var isStopped: Bool { stops.isStopped }
  /// Whether any tool was called.
  private(set) var callsTools = false
  /// The number of the next call.
  private var nextCall: Int
  /// Whether any text of an answer but white space was seen.
  private(set) var hasAnswer = false

  /// - Parameter firstCall: the number of the first call of a tool, for calls that the model gives no name.
  init(
    _ tokenizer: Tokenizer, _ parser: OutputParser, marks: Set<TokenID>, stop: [String], firstCall: Int = 0
  ) throws(SamplingError) {
    nextCall = firstCall
    self.tokenizer = tokenizer
    self.marks = marks
    self.parser = parser
    detokenizer = IncrementalDetokenizer(tokenizer, skipSpecial: false)
    stops = try StopStringMatcher(stop)
  }

  /// What a token adds to the text.
  struct Step {
    var events: [GenerationEvent] = []
    var endsLine = false
    /// The token ended inside a character.
    var isPartial = false
  }

  mutating func push(_ token: TokenID) -> Step {
    if let type = tokenizer.type(of: token), type == .control || type == .unknown, !marks.contains(token) {
      return Step()
    }
    let text = detokenizer.append(token)
    return Step(
      events: events(of: parser.push(text)), endsLine: text.utf8.last == UInt8(ascii: "\n"),
      isPartial: text.isEmpty)
  }

  /// What a token is in the text; control tokens are as they are spelled.
  func bytes(of token: TokenID) -> [UInt8] { tokenizer.bytes(of: token) ?? [] }

  /// Text that was put into the model's mouth.
  mutating func push(forced text: String) -> [GenerationEvent] {
    events(of: parser.push(detokenizer.finish() + text))
  }

  /// The output has ended.
  mutating func finish() -> [GenerationEvent] {
    var events = events(of: parser.push(detokenizer.finish()) + parser.finish())
    show(stops.finish(), &events)
    return events
  }

  private mutating func events(of found: [OutputParser.Event]) -> [GenerationEvent] {
    var events: [GenerationEvent] = []
    for event in found where !stops.isStopped {
      switch event {
      case .reasoning(let text): events.append(.reasoning(text))
      case .answer(let text), .malformedToolCall(let text): show(stops.push(text).text, &events)
      case .toolCall(var call):
        callsTools = true
        call.id = call.id ?? "call_\(nextCall)"
        nextCall += 1
        show(stops.finish(), &events)
        events.append(.toolCall(call))
      }
    }
    return events
  }

  private mutating func show(_ text: String, _ events: inout [GenerationEvent]) {
    guard !text.isEmpty else { return }
    hasAnswer = hasAnswer || text.utf8.contains { $0 > 0x20 }
    events.append(.answer(text))
  }
}
