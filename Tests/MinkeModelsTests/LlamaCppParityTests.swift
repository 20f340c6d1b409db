import Foundation
import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

/// What `Goldens/make_llama_cpp_greedy.py` found, from the same files as are written here.
@Suite("Written as GGUF files, the tiny models answer as in llama.cpp")
struct LlamaCppParityTests {
  struct Continuation: Decodable {
    let ids: [Int32]?
    let gaps: [Float]?
    let error: String?
  }

  static let promptLength = 20
  /// Where the two likeliest tokens are as near, either may come first: llama.cpp rounds activations to the eight bits of
  /// bfloat16 weights.
  static let nearTie: Float = 0.03

  static func continuations() throws -> [String: Continuation] {
    try JSONDecoder().decode(
      [String: Continuation].self, from: Data(contentsOf: TinyModel.url("greedy.json")))
  }

  @Test("Greedy continuations are the same ids, up to a near tie", arguments: TinyModel.all)
  func greedy(name: String) throws {
    let continuation = try #require(try Self.continuations()[name])
    // One has factors that llama.cpp has no keys for; of DeepSeek-V2 it knows models without a query latent by having 27 layers.
    guard let expected = continuation.ids else {
      #expect(["minimax-odd", "deepseek-v2-regular"].contains(name), "\(continuation.error ?? "")")
      return
    }
    let writer = try CheckpointConversion(TinyModel.folder(name), to: .auto).writer(threadCount: 1)
    let runner = try Runner(GGUFFile(bytes: writer.serialized()))
    let prompt = Array(try TinyModel(name).tokens.prefix(Self.promptLength))
    let cache = try runner.cache(.f16)
    var logits = try runner.logits([SequenceInput(prompt, cache: cache)])
    for (step, token) in expected.enumerated() {
      let next = try #require(logits.indices.max { logits[$0] < logits[$1] })
      guard next == Int(token) else {
        let gap = try #require(continuation.gaps)[step]
        #expect(gap < Self.nearTie, "step \(step): \(next) for \(token)")
        return
      }
      logits = try runner.logits([SequenceInput([token], cache: cache)])
    }
  }
}
