import MinkeChat
import Testing

@Suite struct `A conversation that is too long` {
  /// One token a character, and one a message.
  private func count(_ messages: [Message]) -> Int {
    messages.reduce(0) { $0 + 1 + ($1.content ?? "").count }
  }

  private func call() -> Message {
    var message = Message(.assistant, nil)
    message.toolCalls = [ToolCall(id: "1", name: "f", arguments: "{}")]
    return message
  }

  private let result = Message(.tool, "result")

  private var conversation: [Message] {
    [
      .system("brief"), .user("first"), .assistant("one"), .user("second"), call(), result, .assistant("two"),
      .user("third"), .assistant("three"), .user("last"),
    ]
  }

  @Test func `stays as it is if it fits`() {
    let fit = ConversationFit(conversation, limit: count(conversation), count: count)
    #expect(fit.messages == conversation)
    #expect(fit.droppedIndices.isEmpty)
    #expect(fit.droppedTokens == 0)
    #expect(fit.fits)
  }

  @Test(arguments: [
    (0, [] as [Int]), (1, [1, 2]), (10, [1, 2]), (11, [1, 2, 3, 4, 5, 6]), (31, [1, 2, 3, 4, 5, 6, 7, 8]),
    (41, [1, 2, 3, 4, 5, 6, 7, 8]),
  ])
  func `loses its oldest turns, a call with its result`(excess: Int, dropped: [Int]) {
    let total = count(conversation)
    let fit = ConversationFit(conversation, limit: total - excess, count: count)
    #expect(fit.droppedIndices == dropped)
    #expect(fit.fits)
    #expect(fit.tokens == count(fit.messages))
    #expect(fit.droppedTokens == total - fit.tokens)
    #expect(fit.messages.first == .system("brief"))
    #expect(fit.messages.last == .user("last"))
  }

  @Test func `says so if it cannot fit`() {
    let fit = ConversationFit(conversation, limit: 5, count: count)
    #expect(!fit.fits)
    #expect(fit.messages == [.system("brief"), .user("last")])
    #expect(fit.tokens == 11)
  }

  @Test func `keeps the turn that is going on`() {
    let messages = [.user("old"), .assistant("answer"), .user("new"), call(), result]
    let fit = ConversationFit(messages, limit: 0, count: count)
    #expect(fit.messages == Array(messages[2...]))
  }

  @Test func `keeps system messages wherever they are`() {
    let messages: [Message] = [.assistant("hello"), .user("a"), .system("note"), .assistant("b"), .user("c")]
    let fit = ConversationFit(messages, limit: 0, count: count)
    #expect(fit.messages == [.system("note"), .user("c")])
    #expect(fit.droppedIndices == [0, 1, 3])
  }

  @Test func `without a question nothing can be left out`() {
    let fit = ConversationFit([.system("a"), .assistant("b")], limit: 1, count: count)
    #expect(fit.messages.count == 2)
    #expect(!fit.fits)
  }

  @Test func `is counted few times`() {
    let messages = (0..<1000).flatMap { [Message.user("\($0)"), .assistant("x")] } + [.user("end")]
    for limit in [10, 500, 3000, 5000] {
      var calls = 0
      let fit = ConversationFit(messages, limit: limit) { part in
        calls += 1
        return count(part)
      }
      #expect(calls <= 13)
      #expect(fit.fits)
      // One turn less would not do.
      let first = (fit.droppedIndices.last ?? -1) - 1
      #expect(count([messages[first], messages[first + 1]] + fit.messages) > limit)
    }
  }

  @Test func `errors of the count are passed on`() {
    #expect(throws: ChatError.self) {
      try ConversationFit(conversation, limit: 1) { _ throws(ChatError) in
        throw ChatError(at: "here", found: "this", expected: "that")
      }
    }
  }
}
