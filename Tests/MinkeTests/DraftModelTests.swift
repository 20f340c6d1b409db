import Minke
import MinkeEngine
import MinkeModels
import MinkeSampling
import Testing

@Suite(.serialized) struct `A real draft model` {
  private func model(_ model: RealModel, draft: RealModel? = nil, count: Int? = nil) async throws
    -> LanguageModel
  {
    var options = LoadOptions(contextLength: 1024)
    if let draft { options.draft = DraftModel(path: try await draft.path()) }
    options.draftCount = count
    return try LanguageModel.load(path: try await model.path(), options: options)
  }

  private func answer(
    _ model: LanguageModel, _ question: String, temperature: Float, tokens: Int = 80, speculates: Bool = true
  ) async throws -> String {
    var parameters = GenerationParameters()
    parameters.sampling = .greedy
    parameters.sampling?.temperature = temperature
    parameters.sampling?.topP = 0.95
    parameters.sampling?.seed = 7
    parameters.maximumTokens = tokens
    parameters.speculates = speculates
    let session = ChatSession(model: model, parameters: parameters)
    return try await Answer(session.respond(to: question)).text
  }

  /// Gemma's layers with a window see less than the prompt.
  @Test(arguments: [(RealModel.smolLM2, 1), (.gemma3, 60)])
  func `Itself guesses all that it says, which takes fewer passes`(name: RealModel, whales: Int) async throws
  {
    let plain = try await model(name)
    let drafted = try await model(name, draft: name, count: 4)
    let list = (1...whales).map {
      "Whale \($0) is \($0 * 7 % 31) metres long and \($0 * 11 % 83) years old. "
    }
    let question = list.joined() + "Tell me a story about the oldest whale."
    for temperature in [0, 0.8] as [Float] {
      let before = (plain.engine.statistics.steps, drafted.engine.statistics.steps)
      let text = try await answer(plain, question, temperature: temperature, speculates: false)
      #expect(try await answer(drafted, question, temperature: temperature) == text)
      let steps = (plain.engine.statistics.steps - before.0, drafted.engine.statistics.steps - before.1)
      print("\(name) at \(temperature): \(steps.0) passes without a draft model, \(steps.1) with")
      #expect(steps.0 < 20 || steps.1 * 2 < steps.0)
    }
    let found = drafted.guessStatistics
    #expect(found.draftedByModel > 8 && found.acceptedByModel == found.draftedByModel)
  }

  @Test func `Whether it pays is measured, and the text is the same`() async throws {
    let plain = try await model(.smolLM2)
    let drafted = try await model(.smolLM2, draft: .smolLM2)
    for temperature in [0, 1] as [Float] {
      let text = try await answer(plain, "Why is the sky blue?", temperature: temperature, tokens: 160)
      #expect(
        try await answer(drafted, "Why is the sky blue?", temperature: temperature, tokens: 160) == text)
    }
    // How soon it is given up depends on how busy the machine is.
    #expect(drafted.engine.statistics.draftPasses > 0)
  }

  @Test func `One with another vocabulary is refused, and says where they differ`() async throws {
    let (path, draft) = (try await RealModel.qwen25Coder.path(), try await RealModel.smolLM2.path())
    let error = #expect(throws: MinkeError.self) {
      _ = try LanguageModel.load(path: path, options: LoadOptions(draft: DraftModel(path: draft)))
    }
    #expect(error?.kind == .unsupported)
    #expect(error?.description.contains("another vocabulary: token 0 is \"<|endoftext|>\"") == true)
  }

  @Test func `Its memory is counted before it is loaded`() async throws {
    let path = try await RealModel.smolLM2.path()
    let alone = try LanguageModel.estimateMemory(path: path)
    let both = try LanguageModel.estimateMemory(
      path: path, options: LoadOptions(draft: DraftModel(path: path)))
    #expect(both.total == 2 * alone.total && both.cachePerToken == 2 * alone.cachePerToken)
  }
}
