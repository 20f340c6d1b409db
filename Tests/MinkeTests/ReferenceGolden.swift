import Foundation
import Minke
import MinkeTokenizers
import Testing

/// What `transformers` computes in float32 on a real model's dequantised weights: `Goldens/reference`, made by
/// `Scripts/make-reference-goldens.py`.
struct ReferenceGolden: Decodable {
  struct IDs: Decodable {
    let values: [TokenID]
  }

  struct Perplexity: Decodable {
    let context: Int
    let chunks: Int
    let tokens: Int
    let perplexity: Double
  }

  /// A greedy continuation. A gap is the difference of a step's two largest logits.
  struct Greedy: Decodable {
    let text: String
    let prompt: [TokenID]
    let ids: [TokenID]
    let gaps: [Float]
  }

  /// The largest logits after a prompt, largest first.
  struct Logits: Decodable {
    let ids: [TokenID]
    let values: [Float]
    let logSumExp: Double
    let standardDeviation: Double

    enum CodingKeys: String, CodingKey {
      case ids, values
      case logSumExp = "log_sum_exp"
      case standardDeviation = "standard_deviation"
    }
  }

  /// Vectors of length 1 of some texts.
  struct Embeddings: Decodable {
    struct Pooled: Decodable {
      let pooling: EmbeddingPooling
      /// Of every two texts.
      let cosines: [[Float]]
      /// The first numbers of each vector.
      let beginnings: [[Float]]
    }

    let texts: [String]
    let poolings: [Pooled]
  }

  let ids: IDs
  let perplexity: Perplexity
  let greedy: [Greedy]
  let logits: [Logits]
  let embeddings: Embeddings

  init(for model: RealModel) throws {
    let name =
      switch model {
      case .smolLM2: "smollm2-135m-q4_1"
      case .qwen25Coder: "qwen2.5-coder-0.5b-q4_k_m"
      case .gemma3: "gemma3-270m-q4_k_m"
      case .r1Head: "none"
      }
    let folder = try #require(Bundle.module.url(forResource: "Goldens", withExtension: nil))
    let data = try Data(contentsOf: folder.appendingPathComponent("reference/\(name).json"))
    self = try JSONDecoder().decode(Self.self, from: data)
  }
}
