import Foundation
import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

@Suite("Experts that stay in the file")
struct ExpertStreamingTests {
  private func size(_ file: any Checkpoint) throws -> ExpertMemory {
    try #require(try ExpertMemory(ModelConfiguration(file), tensors: file.tensors))
  }

  /// Logits of a prompt in one pass, in small passes and token by token.
  private func logits(_ runner: Runner, _ tokens: [Int32]) throws -> [[Float]] {
    let count = tokens.count
    let small = Array(repeating: 3, count: count / 3) + (count % 3 > 0 ? [count % 3] : [])
    return try [[count], small, Array(repeating: 1, count: count)].map { parts in
      try runner.logits(tokens, parts: parts, cache: runner.cache())
    }
  }

  @Test("Logits are the same bits with any memory for experts", arguments: TinyModel.mixtures)
  func bits(name: String) throws {
    let tiny = try TinyModel(name)
    let size = try size(tiny.file)
    let expected = try logits(Runner(tiny.file), tiny.tokens)
    for budget in [size.leastBudget, size.packedBytes / 2, size.packedBytes - 1, size.packedBytes] {
      for threads in [1, 2] where budget >= size.leastBudget {
        let runner = try Runner(tiny.file, threads: threads, expertBudget: budget)
        let found = try logits(runner, tiny.tokens)
        for (left, right) in zip(expected, found) {
          #expect(left.map(\.bitPattern) == right.map(\.bitPattern), "\(budget) bytes, \(threads) threads")
        }
        #expect((runner.model.expertStatistics == nil) == (budget == size.packedBytes))
      }
    }
  }

  @Test(
    "What is kept of experts takes what was estimated", arguments: ["qwen3moe-regular", "deepseek-v3-odd"])
  func estimate(name: String) throws {
    let file = try TinyModel(name).file
    let size = try size(file)
    let all = try MemoryEstimate(ModelConfiguration(file), tensors: file.tensors, contextLength: 64)
    let part = try MemoryEstimate(
      ModelConfiguration(file), tensors: file.tensors, contextLength: 64, expertBudget: size.leastBudget)
    #expect(all.expertBudget == nil && all.experts == size)
    #expect(part.expertBudget == size.leastBudget)
    #expect(abs(all.weights - part.weights - (size.packedBytes - size.leastBudget)) < 64 * file.tensors.count)
    let model = try Transformer(file, pool: WorkerPool(threadCount: 1), expertBudget: size.leastBudget)
    #expect(model.weightByteCount + size.leastBudget <= part.weights)
    // What is left decides; where everything fits, nothing stays in the file.
    #expect(all.expertBudget(available: all.total) == nil)
    #expect(all.expertBudget(available: all.total - size.packedBytes) == nil)
    let chosen = try #require(all.expertBudget(available: all.total - 1))
    #expect(chosen >= size.leastBudget && chosen < size.packedBytes)
  }

  @Test("Every expert that a pass needs is counted, as there or as read")
  func counts() throws {
    let tiny = try TinyModel("qwen3moe-regular")
    let size = try size(tiny.file)
    let runner = try Runner(tiny.file, expertBudget: size.packedBytes - 1)
    let cache = try runner.cache()
    let perToken = size.usedCount * runner.model.configuration.layerCount
    _ = try runner.logits([SequenceInput([1], cache: cache)])
    let first = try #require(runner.model.expertStatistics)
    // Nothing is there at first.
    #expect(first.decoding.tokens == 1 && first.decoding.hits == 0 && first.decoding.misses == perToken)
    #expect(first.decoding.bytesRead == size.fileBytesPerToken)
    #expect(first.decoding.missesGuessed <= first.decoding.guesses)
    cache.count = 0
    _ = try runner.logits([SequenceInput([1], cache: cache)])
    let second = try #require(runner.model.expertStatistics).since(first)
    // The same token again finds all that it used.
    #expect(second.decoding.hits == perToken && second.decoding.misses == 0 && second.decoding.bytesRead == 0)
    #expect(second.decoding.hitRate == 1 && second.decoding.seconds == 0)
    #expect(second.batched == .init())
    cache.count = 0
    _ = try runner.logits([SequenceInput([1, 2, 3], cache: cache, logitCount: 3)])
    let third = try #require(runner.model.expertStatistics)
    #expect(third.batched.tokens == 3 && third.decoding.tokens == 2)
  }

  @Test("Memory below one token's experts is refused, with figures")
  func tooLittle() throws {
    let tiny = try TinyModel("mixtral-regular")
    let least = try size(tiny.file).leastBudget
    for budget in [0, 1, least - 1, -1] {
      let text = message { _ = try Runner(tiny.file, expertBudget: budget) }
      #expect(text.contains("found \(budget) bytes, expected at least \(least)"), "\(text)")
    }
  }

  @Test("A model without experts has none to keep in the file")
  func dense() throws {
    let runner = try Runner(TinyModel("qwen3-regular").file, expertBudget: 1)
    #expect(runner.model.expertStatistics == nil)
  }

  @Test("A file that ends before its experts is refused when it is loaded")
  func truncated() throws {
    let tiny = try TinyModel("qwen3moe-regular")
    let least = try size(tiny.file).leastBudget
    let data = try Data(contentsOf: TinyModel.url("qwen3moe-regular.gguf.bin"))
    for count in [data.count - 1, data.count / 2, data.count / 4 * 3] {
      let text = message {
        _ = try Runner(GGUFFile(bytes: Array(data.prefix(count)), name: "short.gguf"), expertBudget: least)
      }
      #expect(text != "no error", "\(count) bytes")
    }
  }
}
