import Foundation
import Minke
import MinkeChat
import MinkeSampling
import Testing

/// SmolLM2 does not reason. With a template that opens reasoning it is made to, which is all that the budget needs.
@Suite(.serialized) struct `Reasoning is closed so that an answer follows` {
  /// A copy of the model whose template ends in the opening tag: as long as the original, so that nothing moves.
  private func reasoningModel() async throws -> (path: String, remove: () -> Void) {
    var data = try Data(contentsOf: URL(fileURLWithPath: try await RealModel.smolLM2.path()))
    let original = Data("{{ '<|im_start|>assistant\n' }}".utf8)
    let changed = Data("{{ '<|im_start|>a\n<think>\n' }}".utf8)
    #expect(original.count == changed.count)
    data.replaceSubrange(try #require(data.firstRange(of: original)), with: changed)
    let path = NSTemporaryDirectory() + "minke-\(UUID().uuidString).gguf"
    try data.write(to: URL(fileURLWithPath: path))
    return (path, { try? FileManager.default.removeItem(atPath: path) })
  }

  private func parameters(budget: Int?, maximum: Int?) -> GenerationParameters {
    var parameters = GenerationParameters()
    parameters.sampling = .greedy
    parameters.thinkBudget = budget
    parameters.maximumTokens = maximum
    return parameters
  }

  @Test func `Within any budget and limit`() async throws {
    let (path, remove) = try await reasoningModel()
    defer { remove() }
    let model = try LanguageModel.load(path: path)
    for (budget, maximum) in [(0, 64), (5, 64), (40, 128), (nil, 48), (nil, 3), (0, 1)] {
      let session = ChatSession(model: model, parameters: parameters(budget: budget, maximum: maximum))
      var events: [GenerationEvent] = []
      var failure: MinkeError?
      do {
        for try await event in session.respond(to: "What is the capital of France?") { events.append(event) }
      } catch let error as MinkeError {
        failure = error
      }
      let answer = Answer(events)
      let result = try #require(answer.result)
      #expect(result.usage.completionTokens <= maximum)
      #expect(!answer.text.contains("</think>") && !answer.reasoning.contains("think>"))
      if maximum > 10 {
        #expect(failure == nil && !result.isEmpty, "budget \(String(describing: budget)), limit \(maximum)")
        #expect(!answer.text.isEmpty)
        #expect(result.timings.timeToFirstToken > 0)
      } else {
        // No room to close the reasoning and to answer: said, not passed off as an answer.
        #expect(failure?.kind == .emptyAnswer && result.isEmpty)
        #expect(result.finishReason == .length)
        #expect(session.messages.isEmpty)
      }
      // The closing text has a few tokens of its own.
      if let budget { #expect(result.usage.reasoningTokens <= budget + 8 || maximum <= 10) }
    }
  }

  @Test func `A context without room for an answer is an overflow`() async throws {
    let (path, remove) = try await reasoningModel()
    defer { remove() }
    let question = "What is the capital of France?"
    var refused = 0
    for length in 16...32 {
      let model = try LanguageModel.load(path: path, options: LoadOptions(contextLength: length))
      let session = ChatSession(model: model, parameters: parameters(budget: nil, maximum: nil))
      do {
        let answer = try await Answer(session.respond(to: question))
        #expect(answer.result?.usage.completionTokens ?? 0 > 0)
      } catch let error as MinkeError {
        switch error.kind {
        case .contextOverflow: refused += 1
        // Room for a token that is none of an answer.
        case .emptyAnswer: break
        default: Issue.record("\(error)")
        }
      }
    }
    #expect(refused > 3 && refused < 17)
  }
}
