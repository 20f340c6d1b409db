import Minke
import MinkeChat
import MinkeSampling
import Testing

@Suite(.serialized) struct `Several samples of one answer` {
  private func parameters(_ seed: UInt64) -> GenerationParameters {
    var parameters = GenerationParameters()
    parameters.sampling = SamplingParameters()
    parameters.sampling?.temperature = 0.4
    parameters.sampling?.seed = seed
    parameters.maximumTokens = 60
    return parameters
  }

  @Test func `share their prompt and vote on their final answer`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.qwen25Coder.path())
    let question = Message.user("What is 2 + 2? Reply with the number in \\boxed{}.")
    let vote = try await model.vote(on: [question], samples: 8, parameters: parameters(3))
    #expect(vote.answer?.normalized == "4", "\(vote.votes)")
    #expect(vote.text?.contains("4") == true)
    #expect(vote.finishedCount <= vote.plannedCount)
    // All but one of those that began found the prompt in the cache, but for its last token.
    let shared = vote.usage.promptTokens / 8 - 1
    #expect(vote.usage.cachedTokens.isMultiple(of: shared))
    #expect(vote.usage.cachedTokens >= (vote.finishedCount - 1) * shared)
    print("\(vote.finishedCount) of \(vote.plannedCount) samples were finished; \(vote.usage)")
  }

  @Test func `stop when nothing can change the result`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.qwen25Coder.path())
    var parameters = parameters(5)
    parameters.sampling = .greedy
    let vote = try await model.vote(
      on: [.user("What is 2 + 2? Reply with the number in \\boxed{}.")], samples: 40, parameters: parameters)
    #expect(vote.answer?.normalized == "4")
    #expect(vote.finishedCount < 40)
  }

  @Test func `A conversation that is too long loses its oldest turns where that is asked for`() async throws {
    let model = try LanguageModel.load(
      path: try await RealModel.smolLM2.path(), options: LoadOptions(contextLength: 256))
    var parameters = GenerationParameters()
    parameters.sampling = .greedy
    parameters.maximumTokens = 24
    parameters.overflow = .dropOldestTurns
    let session = ChatSession(model: model, parameters: parameters)
    var dropped: [Int] = []
    for turn in 1...8 {
      let answer = try await Answer(
        session.respond(to: "Question \(turn): say something about the number \(turn)."))
      dropped.append(try #require(answer.result?.usage.droppedMessages))
    }
    #expect(dropped.first == 0 && dropped[7] > 0 && dropped == dropped.sorted())
    #expect(session.messages.count == 16)
  }
}
