import Foundation
import Minke
import MinkeChat
import MinkeSampling
import Testing

@Suite(.serialized) struct `Every token can be reported` {
  @Test(arguments: [0, 4]) func `With its probability, its rivals and its time`(top: Int) async throws {
    let model = try LanguageModel.load(path: try await RealModel.smolLM2.path())
    var parameters = GenerationParameters()
    parameters.sampling = .greedy
    parameters.maximumTokens = 12
    parameters.topLogProbabilities = top
    let session = ChatSession(model: model, parameters: parameters)
    let answer = try await Answer(session.respond(to: "What is the capital of France?"))
    let result = try #require(answer.result)
    #expect(answer.tokens.count == result.usage.completionTokens)
    let written = answer.tokens.flatMap(\.chosen.bytes)
    #expect(String(decoding: written, as: UTF8.self).hasPrefix(answer.text))
    for token in answer.tokens {
      #expect(token.top.count == top && !token.isReasoning)
      #expect(token.chosen.logProbability <= 0)
      #expect(token.top.reduce(0) { $0 + exp($1.logProbability) } <= 1.0001)
      // A greedy choice is the most probable token.
      if let first = token.top.first { #expect(first == token.chosen) }
    }
    #expect(zip(answer.tokens, answer.tokens.dropFirst()).allSatisfy { $0.time <= $1.time })
    #expect((answer.tokens.first?.time ?? 0) > 0)
  }

  @Test func `Too many rivals are refused`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.smolLM2.path())
    var parameters = GenerationParameters()
    parameters.topLogProbabilities = 1_000_000
    let session = ChatSession(model: model, parameters: parameters)
    let error = await #expect(throws: MinkeError.self) { _ = try await Answer(session.respond(to: "Hello")) }
    #expect(error?.kind == .parameters)
  }
}
