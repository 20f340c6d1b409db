import Minke
import MinkeChat
import MinkeEngine
import MinkeSampling
import Testing

@Suite(.serialized) struct `Embeddings` {
  private func model(_ options: LoadOptions = LoadOptions()) async throws -> LanguageModel {
    try LanguageModel.load(path: try await RealModel.smolLM2.path(), options: options)
  }

  private static let texts = [
    "The ship sails on the sea.", "A boat goes over the ocean.", "Integrals are linear.",
    String(repeating: "A long text about whales and ships. ", count: 120),
  ]

  @Test(arguments: EmbeddingPooling.allCases)
  func `Many texts at once have the vectors of each alone`(pooling: EmbeddingPooling) async throws {
    let model = try await model()
    let together = try await model.embed(Self.texts, pooling: pooling)
    for (text, embedding) in zip(Self.texts, together) {
      let length = embedding.vector.reduce(0) { $0 + $1 * $1 }
      #expect(abs(length - 1) < 1e-5)
      #expect(try await model.embed([text], pooling: pooling) == [embedding])
    }
  }

  /// Here activations are quantised, there nothing is.
  @Test(arguments: [RealModel.smolLM2, .qwen25Coder])
  func `They are those of transformers`(real: RealModel) async throws {
    let model = try LanguageModel.load(path: try await real.path())
    let golden = try ReferenceGolden(for: real).embeddings
    for expected in golden.poolings {
      let vectors = try await model.embed(golden.texts, pooling: expected.pooling).map(\.vector)
      for (row, vector) in vectors.enumerated() {
        for (column, other) in vectors.enumerated() {
          let cosine = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
          #expect(abs(cosine - expected.cosines[row][column]) < 0.02, "\(expected.pooling) \(row) \(column)")
        }
        let found = vector.prefix(expected.beginnings[row].count)
        #expect(
          zip(found, expected.beginnings[row]).allSatisfy { abs($0 - $1) < 0.02 }, "\(expected.pooling)")
      }
    }
  }

  @Test func `A conversation goes on meanwhile and is not disturbed`() async throws {
    let model = try await model()
    var parameters = GenerationParameters()
    parameters.sampling = .greedy
    parameters.maximumTokens = 40
    let question = "Tell me of the sea."
    let alone = try await Answer(ChatSession(model: model, parameters: parameters).respond(to: question))
    async let embeddings = withThrowingTaskGroup { group in
      for name in ["a", "b", "c"] {
        group.addTask { try await model.embed(Self.texts, identity: Identity(name)) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let beside = try await Answer(
      ChatSession(model: model, parameters: parameters, identity: Identity("d")).respond(to: question))
    #expect(beside.text == alone.text)
    #expect(Set(try await embeddings.map { $0.map(\.vector) }).count == 1)
  }

  @Test func `Texts that are too long, or none, are named`() async throws {
    let model = try await model(LoadOptions(contextLength: 64))
    let long = await #expect(throws: MinkeError.self) {
      _ = try await model.embed(["short", Self.texts[3]])
    }
    #expect(long?.description.hasPrefix("text 1 has") == true)
    guard case .contextOverflow? = long?.kind else {
      Issue.record("\(String(describing: long))")
      return
    }
    let empty = await #expect(throws: MinkeError.self) { _ = try await model.embed([""]) }
    #expect(empty?.kind == .parameters)
    #expect(try await model.embed([]).isEmpty)
  }

  @Test func `A task that is cancelled ends its embeddings`() async throws {
    let model = try await model()
    let task = Task { try await model.embed(Array(repeating: Self.texts[3], count: 400)) }
    task.cancel()
    let error = await #expect(throws: MinkeError.self) { _ = try await task.value }
    #expect(error?.kind == .cancelled)
  }
}
