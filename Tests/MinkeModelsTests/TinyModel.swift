import Foundation
import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

/// One of the random models of `Goldens/make_goldens.py`, with its tokens and reference logits.
struct TinyModel: Sendable, CustomTestStringConvertible {
  /// All of them.
  static let names = [
    "llama-regular", "llama-odd-llama3", "llama-linear", "qwen2-regular", "qwen2-odd-yarn", "qwen3-regular",
    "qwen3-odd-yarn", "gemma3-regular", "gemma3-odd-linear",
  ]

  /// Those with experts.
  static let mixtures = [
    "mixtral-regular", "mixtral-odd", "qwen2moe-regular", "qwen2moe-odd", "qwen3moe-regular", "qwen3moe-odd",
    "deepseek-v2-regular", "deepseek-v2-odd", "deepseek-v3-regular", "deepseek-v3-odd", "minimax-regular",
    "minimax-odd", "minimax-m2-regular", "minimax-m2-odd",
  ]

  static let all = names + mixtures

  let name: String
  let file: GGUFFile
  let tokens: [Int32]
  /// `[tokens, vocabulary]`
  let logits: [Float]

  var testDescription: String { name }

  init(_ name: String) throws {
    self.name = name
    file = try GGUFFile(path: Self.url(name + ".gguf.bin").path)
    tokens = try Self.elements(of: name + ".tokens.bin")
    logits = try Self.elements(of: name + ".logits.bin")
  }

  static func url(_ name: String) throws -> URL {
    let goldens = try #require(Bundle.module.url(forResource: "Goldens", withExtension: nil))
    return goldens.appendingPathComponent(name)
  }

  /// The folder that transformers saved of it.
  static func folder(_ name: String) throws -> any Checkpoint {
    try openCheckpoint(path: url("folders/" + name).path)
  }

  static func elements<T: BitwiseCopyable>(of name: String) throws -> [T] {
    let data = try Data(contentsOf: url(name))
    return stride(from: 0, to: data.count, by: MemoryLayout<T>.stride).map { offset in
      unsafe data.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: T.self) }
    }
  }
}

/// A tiny model that runs, and its memory.
struct Runner {
  let model: Transformer
  let workspace: Workspace

  init(
    _ file: any Checkpoint, threads: Int = 2, limits: Workspace.Limits = .init(rows: 64, logitRows: 64),
    expertBudget: Int? = nil
  ) throws {
    model = try Transformer(file, pool: WorkerPool(threadCount: threads), expertBudget: expertBudget)
    workspace = try model.makeWorkspace(limits)
  }

  func cache(_ element: CacheElement = .f32, capacity: Int = 128) throws -> KVCache {
    try model.makeCache(capacity: capacity, keys: element, values: element)
  }

  /// All logits of `tokens`, run in parts of the given lengths.
  func logits(_ tokens: [Int32], parts: [Int], cache: KVCache) throws -> [Float] {
    var result: [Float] = []
    var first = 0
    for length in parts {
      let part = tokens[first..<first + length]
      result += try logits([SequenceInput(part, cache: cache, logitCount: length)])
      first += length
    }
    #expect(first == tokens.count)
    return result
  }

  func logits(_ batch: [SequenceInput]) throws -> [Float] {
    let rows = try model.forward(batch, in: workspace)
    return (0..<rows.count).flatMap { unsafe Array(rows.buffer(row: $0)) }
  }
}

/// The largest difference between two sequences of as many elements.
func largestDifference(_ left: [Float], _ right: [Float]) -> Float {
  #expect(left.count == right.count)
  return zip(left, right).reduce(0) { largest, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}
