import Minke
import MinkeChat
import MinkeSampling
import Testing

private struct Place: Decodable, Sendable {
  enum Unit: String, Decodable, CaseIterable, Sendable { case celsius, fahrenheit }
  var city: String
  var days: UInt8
  var unit: Unit
}

@Suite(.serialized) struct `A session runs the tools that its model calls` {
  private static func weather(
    _ body: @escaping @Sendable (Place) async throws -> String
  ) throws -> Tool {
    try Tool("get_weather", "The weather in a city for the next days", body)
  }

  private func parameters(_ choice: ToolChoice = .auto) -> GenerationParameters {
    var parameters = GenerationParameters()
    parameters.sampling = .greedy
    parameters.maximumTokens = 160
    parameters.toolChoice = choice
    return parameters
  }

  // Swift 6.3's optimiser crashes where it is inlined.
  @inline(never)
  private func model() async throws -> LanguageModel {
    try LanguageModel.load(path: try await RealModel.qwen25Coder.path())
  }

  private func hailSession(_ model: LanguageModel) throws -> ChatSession {
    let tool = try Self.weather { "\($0.city), \($0.days) day(s): 31 degrees \($0.unit), hail" }
    return ChatSession(model: model, tools: [tool], parameters: parameters(.required))
  }

  @Test func `It calls, hears the result and answers`() async throws {
    let session = try hailSession(try await model())
    let answer = try await Answer(session.respond(to: "What is the weather in Kyoto tomorrow?"))
    #expect(answer.calls.first?.name == "get_weather" && answer.calls.first?.id != nil)
    #expect(answer.toolResults.first?.contains("Kyoto") == true)
    #expect(answer.text.contains("31") || answer.text.contains("hail"), "\(answer.text)")
    #expect(answer.result?.finishReason == .stop)
    #expect(session.messages.map(\.role) == [.user, .assistant, .tool, .assistant])

    // The next turn finds all of it in the cache.
    let second = try await Answer(session.respond(to: "Thank you.", parameters: parameters(.none)))
    #expect(second.calls.isEmpty)
  }

  /// Sampled at a temperature at which the model makes mistakes in every other call that nothing keeps from it.
  @Test func `Arguments keep to the schema at any temperature`() async throws {
    let model = try await model()
    let tool = try Self.weather { _ in "sunny" }
    for seed in 0..<6 as Range<UInt64> {
      var parameters = parameters(.named("get_weather"))
      parameters.sampling = SamplingParameters()
      parameters.sampling?.temperature = 1.5
      parameters.sampling?.seed = seed
      parameters.maximumTokens = 300
      let definition = Tool(tool.definition)
      let session = ChatSession(model: model, tools: [definition], parameters: parameters)
      let answer = try await Answer(session.respond(to: "Weather in Oslo and in Rome, five days?"))
      guard answer.result?.finishReason == .toolCalls else {
        #expect(answer.result?.finishReason == .length)
        continue
      }
      #expect(answer.calls.count == 1 && answer.text.isEmpty)
      // The closure decodes the arguments.
      let result = try await tool.call(try #require(answer.calls.first).arguments)
      #expect(result == "sunny")
    }
  }

  @Test func `Calls of a tool without code are for the caller to answer`() async throws {
    let definition = try Self.weather { _ in "" }.definition
    let session = ChatSession(
      model: try await model(), tools: [Tool(definition)], parameters: parameters(.required))
    let first = try await Answer(session.respond(to: "What is the weather in Kyoto tomorrow?"))
    #expect(first.result?.finishReason == .toolCalls && first.calls.count >= 1)
    var results: [Message] = []
    for call in first.calls {
      var message = Message(.tool, "It snows.")
      message.toolCallID = call.id
      results.append(message)
    }
    let second = try await Answer(session.respond(to: results, parameters: parameters(.none)))
    #expect(!second.text.isEmpty && second.calls.isEmpty)
  }

  @Test func `Stopping cancels a tool, and the turn is forgotten`() async throws {
    let (started, signal) = AsyncStream.makeStream(of: Void.self)
    let tool = try Self.weather { _ in
      signal.yield()
      try await Task.sleep(for: .seconds(600))
      return ""
    }
    let session = ChatSession(model: try await model(), tools: [tool], parameters: parameters(.required))
    async let answer = Answer(session.respond(to: "What is the weather in Kyoto tomorrow?"))
    for await _ in started { break }
    session.stop()
    #expect(try await answer.result?.finishReason == .cancelled)
    #expect(session.messages.isEmpty)
  }

  @Test func `A model that knows no tools says so`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.smolLM2.path())
    let session = ChatSession(model: model, tools: [try Self.weather { _ in "" }])
    let error = await #expect(throws: MinkeError.self) { _ = try await Answer(session.respond(to: "Hello")) }
    #expect(error?.kind == .unsupported)
    #expect(session.messages.isEmpty)
  }

  @Test func `A tool that is not there is named`() async throws {
    let session = ChatSession(
      model: try await model(), tools: [try Self.weather { _ in "" }], parameters: parameters(.named("sail")))
    let error = await #expect(throws: MinkeError.self) { _ = try await Answer(session.respond(to: "Hello")) }
    #expect(error?.description.contains("get_weather") == true)
  }
}

@Suite(.serialized) struct `Answers as values` {
  private struct Fish: Decodable, Sendable {
    enum Water: String, Decodable, CaseIterable { case salt, fresh }
    var name: String
    var water: Water
    var grams: UInt16
  }

  @Test func `A value of a type comes back`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.qwen25Coder.path())
    var parameters = GenerationParameters()
    parameters.sampling = .greedy
    parameters.maximumTokens = 200
    let session = ChatSession(model: model, parameters: parameters)
    let fish = try await session.respond(to: "Describe a herring of 200 grams.", generating: Fish.self)
    #expect(fish.name.lowercased().contains("herring") && fish.grams == 200)

    parameters.maximumTokens = 3
    let error = await #expect(throws: MinkeError.self) {
      _ = try await session.respond(to: "And a trout?", generating: Fish.self, parameters: parameters)
    }
    #expect(error?.kind == .answer)
  }
}
