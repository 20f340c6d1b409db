import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

@Suite("Embeddings are the final norm of every token")
struct EmbeddingTests {
  /// All embeddings of `tokens`, run in parts of the given lengths.
  private func embeddings(_ runner: Runner, _ tokens: [Int32], parts: [Int]) throws -> [Float] {
    let cache = try runner.cache()
    var (result, rest): ([Float], ArraySlice<Int32>) = ([], tokens[...])
    for part in parts {
      let rows = try runner.model.embed(
        [SequenceInput(rest.prefix(part), cache: cache)], in: runner.workspace)
      #expect(rows.count == part && rows.width == runner.model.configuration.hiddenSize)
      result += (0..<rows.count).flatMap { unsafe Array(rows.buffer(row: $0)) }
      rest = rest.dropFirst(part)
    }
    #expect(cache.count == tokens.count)
    return result
  }

  @Test("as transformers computes it", arguments: TinyModel.names)
  func parity(name: String) throws {
    let tiny = try TinyModel(name)
    let expected: [Float] = try TinyModel.elements(of: name + ".hidden.bin")
    // No more rows with logits than one: they are not needed.
    let runner = try Runner(tiny.file, limits: .init(rows: 64, logitRows: 1))
    let found = try embeddings(runner, tiny.tokens, parts: [tiny.tokens.count])
    #expect(largestDifference(found, expected) < ParityTests.float32Tolerance)
  }

  /// Passes of few rows, which every worker does by itself, and of more.
  @Test("the same bits in any parts, on any number of threads", arguments: TinyModel.all)
  func parts(name: String) throws {
    let tiny = try TinyModel(name)
    var results: [[Float]] = []
    for threads in [1, 2, 3, 7] {
      let runner = try Runner(tiny.file, threads: threads)
      results.append(try embeddings(runner, tiny.tokens, parts: [40]))
      results.append(try embeddings(runner, tiny.tokens, parts: [1, 2, 3, 4, 5, 25]))
    }
    for result in results { #expect(result.map(\.bitPattern) == results[0].map(\.bitPattern)) }
  }

  @Test("from which the logits come", arguments: TinyModel.all)
  func logits(name: String) throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    let configuration = runner.model.configuration
    guard configuration.logitSoftCap == nil else { return }
    let hidden = try embeddings(runner, tiny.tokens, parts: [40])
    let name = tiny.file.tensors.contains { $0.name == "output.weight" } ? "output" : "token_embd"
    let stored = try tiny.file.tensor(named: name + ".weight")
    // `tiny` keeps the file mapped.
    let matrix = try stored.matrix
    let (width, vocabulary) = (configuration.hiddenSize, configuration.vocabularySize)
    var largest: Float = 0
    for token in 0..<vocabulary {
      let weights = unsafe [Float](unsafeUninitializedCapacity: width) { buffer, initialized in
        if let base = buffer.baseAddress { unsafe dequantizeRow(matrix, row: token, into: base) }
        initialized = width
      }
      for row in 0..<tiny.tokens.count {
        var sum = 0.0
        for i in 0..<width { sum += Double(hidden[row * width + i]) * Double(weights[i]) }
        largest = max(largest, abs(Float(sum) - tiny.logits[row * vocabulary + token]))
      }
    }
    #expect(largest < ParityTests.float32Tolerance)
  }

  @Test("of sequences side by side, and beside passes with logits")
  func batch() throws {
    let tiny = try TinyModel("qwen3-regular")
    let runner = try Runner(tiny.file)
    let (first, second) = (Array(tiny.tokens[0..<9]), Array(tiny.tokens[9..<12]))
    let alone = try [first, second].flatMap { try embeddings(runner, $0, parts: [$0.count]) }
    let caches = try (0..<2).map { _ in try runner.cache() }
    let batch = [SequenceInput(first, cache: caches[0]), SequenceInput(second, cache: caches[1])]
    let rows = try runner.model.embed(batch, in: runner.workspace)
    #expect((0..<rows.count).flatMap { unsafe Array(rows.buffer(row: $0)) } == alone)
    let next = try runner.logits([SequenceInput([5], cache: caches[0])])
    let cache = try runner.cache()
    let expected = try runner.logits([SequenceInput(first + [5], cache: cache)])
    #expect(next == expected)
  }

  @Test("How a checkpoint wants them pooled is read")
  func pooling() throws {
    let tiny = try TinyModel("qwen3-regular")
    #expect(try ModelConfiguration(tiny.file).pooling == nil)
    for pooling in Pooling.allCases {
      let file = try tiny.edited(["qwen3.pooling_type": .uint32(UInt32(pooling.rawValue))])
      #expect(try ModelConfiguration(file).pooling == pooling)
    }
    let wrong = try tiny.edited(["qwen3.pooling_type": .uint32(5)])
    #expect(throws: CheckpointError.self) { try ModelConfiguration(wrong) }
  }
}
