import Foundation
import Minke
import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import MinkeTokenizers
import Testing

/// The three real models against `transformers` in float32 on the same dequantised weights.
///
/// One at a time: each test uses all processors.
@Suite(.serialized) struct `Real models agree with transformers in float32` {
  /// Relative difference of perplexities. What is left comes of activations rounded to 8 bits.
  static let perplexityTolerance = 0.007
  /// Two logits of the reference this close may change places: two standard deviations of the difference of two logits
  /// whose own errors are 5 % of the 3.5 that logits spread by (see the test of the largest logits).
  static let nearTie: Float = 0.5
  /// Standard deviation of the differences of the 20 largest logits, as a share of all logits' standard deviation.
  static let logitTolerance = 0.1

  static let models: [RealModel] = [.smolLM2, .qwen25Coder, .gemma3]

  @Test(arguments: models) func `The perplexity of a text`(model: RealModel) async throws {
    let golden = try ReferenceGolden(for: model)
    let loaded = try LanguageModel.load(path: try await model.path())
    let result = try loaded.perplexity(
      of: golden.ids.values, contextSize: golden.perplexity.context, chunkCount: golden.perplexity.chunks)
    let ratio = result.value / golden.perplexity.perplexity
    print(
      "\(model.rawValue): perplexity \(result.value), reference \(golden.perplexity.perplexity), ratio \(ratio)"
    )
    #expect(result.tokenCount == golden.perplexity.tokens)
    #expect(abs(ratio - 1) < Self.perplexityTolerance)
  }

  @Test(arguments: models) func `The tokens of that text`(model: RealModel) async throws {
    let golden = try ReferenceGolden(for: model)
    let tokenizer = try Tokenizer(GGUFFile(path: try await model.path()))
    let text = try String(contentsOfFile: try await RealFile.documentation.path(), encoding: .utf8)
    let tokens = try tokenizer.encode(text, special: .asText, addSpecial: tokenizer.addsBOS)
    #expect(Array(tokens.prefix(golden.ids.values.count)) == golden.ids.values)
  }

  @Test(arguments: models) func `Greedy text, but for near-ties`(model: RealModel) async throws {
    let golden = try ReferenceGolden(for: model)
    let runner = try GreedyRunner(path: try await model.path())
    var agreed = 0
    var steps = 0
    for greedy in golden.greedy {
      // Along the reference's text, so that every step counts and not only those before the first near-tie.
      let choices = try runner.choices(after: greedy.prompt, along: greedy.ids)
      for (step, choice) in choices.enumerated() {
        steps += 1
        if choice == greedy.ids[step] {
          agreed += 1
        } else {
          #expect(greedy.gaps[step] < Self.nearTie, "step \(step) after \(greedy.text.debugDescription)")
        }
      }
    }
    print("\(model.rawValue): \(agreed) of \(steps) greedy tokens agree")
  }

  @Test(arguments: models) func `The largest logits after a prompt`(model: RealModel) async throws {
    let golden = try ReferenceGolden(for: model)
    let runner = try GreedyRunner(path: try await model.path())
    for (greedy, reference) in zip(golden.greedy, golden.logits) {
      let logits = try runner.logits(after: greedy.prompt)
      // What is added to all logits alike changes no probability.
      let differences = zip(reference.ids, reference.values).map { Double(logits[Int($0)] - $1) }
      let mean = differences.reduce(0, +) / Double(differences.count)
      let variance = differences.reduce(0) { $0 + pow($1 - mean, 2) } / Double(differences.count)
      let error = variance.squareRoot() / reference.standardDeviation
      print("\(model.rawValue): logits differ by \(error) of their standard deviation")
      #expect(error < Self.logitTolerance)
    }
  }
}

/// A real model without text: token ids in, logits out.
struct GreedyRunner {
  let transformer: Transformer
  let workspace: Workspace

  init(path: String) throws {
    transformer = try Transformer(
      GGUFFile(path: path), pool: WorkerPool(threadCount: WorkerPool.availableProcessors))
    workspace = try transformer.makeWorkspace()
  }

  func logits(after prompt: [TokenID]) throws -> [Float] {
    let cache = try transformer.makeCache(capacity: prompt.count)
    let rows = try transformer.prefill(prompt, cache: cache, in: workspace)
    return unsafe Array(rows.buffer(row: 0))
  }

  /// The most probable token at each step of a continuation that is given.
  func choices(after prompt: [TokenID], along continuation: [TokenID]) throws -> [TokenID] {
    let cache = try transformer.makeCache(capacity: prompt.count + continuation.count)
    var rows = try transformer.prefill(prompt, cache: cache, in: workspace)
    var choices: [TokenID] = []
    for token in continuation {
      let logits = unsafe Array(rows.buffer(row: 0))
      choices.append(TokenID(logits.indices.max { (logits[$0], -$0) < (logits[$1], -$1) } ?? 0))
      rows = try transformer.forward([SequenceInput([token], cache: cache)], in: workspace)
    }
    return choices
  }
}
