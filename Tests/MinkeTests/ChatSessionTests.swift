import Minke
import MinkeChat
import MinkeCheckpoints
import MinkeSampling
import MinkeTokenizers
import Testing

/// A whole answer.
struct Answer {
  var reasoning = ""
  var text = ""
  var calls: [ToolCall] = []
  var toolResults: [String] = []
  var tokens: [GeneratedToken] = []
  var result: GenerationResult?

  init(_ events: AsyncThrowingStream<GenerationEvent, any Error>) async throws {
    for try await event in events { take(event) }
  }

  init(_ events: [GenerationEvent]) {
    for event in events { take(event) }
  }

  private mutating func take(_ event: GenerationEvent) {
    switch event {
    case .reasoning(let piece): reasoning += piece
    case .answer(let piece): text += piece
    case .finished(let result): self.result = result
    case .toolCall(let call): calls.append(call)
    case .toolResult(_, let text): toolResults.append(text)
    case .token(let token): tokens.append(token)
    case .prefill: break
    }
  }
}

@Suite(.serialized) struct `A conversation with a real model` {
  private func greedy(maximumTokens: Int? = 48) -> GenerationParameters {
    var parameters = GenerationParameters()
    parameters.sampling = .greedy
    parameters.maximumTokens = maximumTokens
    return parameters
  }

  @Test(arguments: [RealModel.smolLM2, .qwen25Coder])
  func `It knows the capital of France`(model: RealModel) async throws {
    let model = try LanguageModel.load(path: try await model.path())
    let session = ChatSession(model: model, parameters: greedy())
    let answer = try await Answer(session.respond(to: "What is the capital of France?"))
    #expect(answer.text.contains("Paris"))
    #expect(answer.result?.finishReason == .stop)
    #expect(answer.result?.isEmpty == false)
    #expect(session.messages.map(\.role).suffix(2) == [.user, .assistant])
  }

  @Test func `A second turn computes only its new tokens`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.smolLM2.path())
    let session = ChatSession(model: model, parameters: greedy())
    let first = try await Answer(session.respond(to: "What is the capital of France?"))
    let second = try await Answer(session.respond(to: "And of Italy?"))
    let before = try #require(first.result?.usage)
    let usage = try #require(second.result?.usage)
    #expect(usage.cachedTokens >= before.promptTokens + before.completionTokens - 1)

    // The cache changes no token: the same conversation from the start gives the same answer.
    let fresh = ChatSession(model: model, parameters: greedy())
    let messages = session.messages.dropLast()
    #expect(try await Answer(fresh.respond(to: Array(messages))).text == second.text)
  }

  @Test func `The same seed gives the same answer, whatever the number of threads`() async throws {
    let path = try await RealModel.smolLM2.path()
    var parameters = greedy()
    parameters.sampling?.temperature = 1
    parameters.sampling?.seed = 7
    var texts: [String] = []
    for threads in [1, 2] {
      let model = try LanguageModel.load(path: path, options: LoadOptions(threadCount: threads))
      let session = ChatSession(model: model, parameters: parameters)
      texts.append(try await Answer(session.respond(to: "Tell me about whales.")).text)
    }
    #expect(texts[0] == texts[1])
  }

  @Test func `Stop strings, limits and stopping end an answer`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.smolLM2.path())
    let question = "What is the capital of France?"
    let whole = try await Answer(ChatSession(model: model, parameters: greedy()).respond(to: question))
    var parameters = greedy()
    parameters.stop = ["Paris"]
    let stopped = try await Answer(ChatSession(model: model, parameters: parameters).respond(to: question))
    let range = try #require(whole.text.firstRange(of: "Paris"))
    #expect(stopped.text == whole.text[..<range.lowerBound])
    #expect(stopped.result?.finishReason == .stop)

    let short = try await Answer(
      ChatSession(model: model, parameters: greedy(maximumTokens: 3)).respond(to: "Tell me a long story."))
    #expect(short.result?.finishReason == .length)
    #expect(short.result?.usage.completionTokens == 3)

    let session = ChatSession(model: model, parameters: greedy(maximumTokens: nil))
    var result: GenerationResult?
    for try await event in session.respond(to: "Write a very long story about a whale and the sea.") {
      if case .answer = event { session.stop() }
      if case .finished(let finished) = event { result = finished }
    }
    #expect(result?.finishReason == .cancelled)
  }

  @Test func `A special token that a person types is text`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.smolLM2.path())
    let prompt = try model.template.render(Conversation([.user("a<|im_end|>b")]))
    let tokens = try model.tokenizer.encode(prompt, addsBOS: false)
    let end = try #require(model.tokenizer.specialToken("<|im_end|>"))
    let plain = try model.template.render(Conversation([.user("a b")]))
    let expected = try model.tokenizer.encode(plain, addsBOS: false).filter { $0 == end }.count
    #expect(tokens.filter { $0 == end }.count == expected)
  }

  @Test func `A prompt that is too long is refused with its size`() async throws {
    let model = try LanguageModel.load(
      path: try await RealModel.smolLM2.path(), options: LoadOptions(contextLength: 64))
    let session = ChatSession(model: model, parameters: greedy())
    let error = await #expect(throws: MinkeError.self) {
      _ = try await Answer(session.respond(to: String(repeating: "whale ", count: 200)))
    }
    guard case .contextOverflow(let tokens, let limit)? = error?.kind else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(tokens > 200)
    #expect(limit == 64)
  }

  @Test func `A question may follow at once after an answer was given up`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.smolLM2.path())
    let session = ChatSession(model: model, parameters: greedy(maximumTokens: nil))
    for try await event in session.respond(to: "Write a very long story about a whale and the sea.") {
      if case .answer = event { break }
    }
    let next = try await Answer(session.respond(to: "What is the capital of France?", parameters: greedy()))
    #expect(next.result?.finishReason != .cancelled)
    let messages = session.messages
    let fresh = ChatSession(model: model, parameters: greedy())
    #expect(try await Answer(fresh.respond(to: Array(messages.dropLast()))).text == next.text)
  }

  @Test func `A truncated file tokenises and renders, and refuses to run`() async throws {
    let path = try await RealModel.r1Head.path()
    let text = try ModelText(GGUFFile(path: path))
    let prompt = try text.template.render(Conversation([.user("Hi")]), policy: text.family.policy)
    #expect(prompt.opensReasoning)
    let tokens = try text.tokenizer.encode(prompt, addsBOS: false)
    #expect(tokens.first == text.tokenizer.bos)
    #expect(text.tokenizer.decode(tokens, skipSpecial: false) == prompt.text)

    let error = #expect(throws: MinkeError.self) { _ = try LanguageModel.load(path: path) }
    #expect(error?.kind == .checkpoint)
    #expect(error?.description.contains("output.weight") == true)
  }
}
