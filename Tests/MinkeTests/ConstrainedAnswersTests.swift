import Foundation
import Minke
import MinkeGrammar
import MinkeSampling
import Testing

@Suite(.serialized) struct `Answers keep to a grammar` {
  private struct Person: Decodable {
    enum Role: String, Decodable { case sailor, cook }
    var name: String
    var age: Int
    var roles: [Role]
  }

  private static let schema = """
    {"type": "object", "properties": {"name": {"type": "string", "maxLength": 40}, \
    "age": {"type": "integer", "minimum": 0, "maximum": 120}, \
    "roles": {"type": "array", "items": {"enum": ["sailor", "cook"]}, "maxItems": 3}}, \
    "required": ["name", "age", "roles"], "additionalProperties": false}
    """

  private func parameters(_ grammar: GrammarSource, seed: UInt64) throws -> GenerationParameters {
    var parameters = GenerationParameters()
    parameters.grammar = try Grammar(grammar)
    parameters.sampling = SamplingParameters()
    parameters.sampling?.seed = seed
    parameters.maximumTokens = 400
    return parameters
  }

  @Test func `JSON of a schema can be decoded, at any temperature`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.smolLM2.path())
    for seed in 0..<8 as Range<UInt64> {
      var parameters = try parameters(.jsonSchema(Self.schema), seed: seed)
      parameters.sampling?.temperature = seed.isMultiple(of: 2) ? 1 : 2
      let session = ChatSession(model: model, parameters: parameters)
      let answer = try await Answer(session.respond(to: "Describe a person on a ship, as JSON."))
      #expect(answer.result?.finishReason == .stop)
      let person = try JSONDecoder().decode(Person.self, from: Data(answer.text.utf8))
      #expect((0...120).contains(person.age) && person.roles.count <= 3, "\(answer.text)")
    }
  }

  @Test func `A regular expression and a choice are kept to`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.smolLM2.path())
    for seed in 0..<6 as Range<UInt64> {
      let date = ChatSession(
        model: model, parameters: try parameters(.regex("[0-9]{4}-[0-9]{2}"), seed: seed))
      let text = try await Answer(date.respond(to: "When was the revolution?")).text
      #expect(text.wholeMatch(of: /[0-9]{4}-[0-9]{2}/) != nil, "\(text)")
      let choice = ChatSession(model: model, parameters: try parameters(.choice(["yes", "no"]), seed: seed))
      #expect(["yes", "no"].contains(try await Answer(choice.respond(to: "Is water wet?")).text))
    }
  }

  @Test func `A schema that cannot be kept to is named`() throws {
    let error = #expect(throws: GrammarError.self) {
      _ = try Grammar(.jsonSchema(#"{"type": "array", "uniqueItems": true, "items": {"type": "string"}}"#))
    }
    #expect(error?.description.contains("uniqueItems") == true)
  }
}
