import MinkeModels
import MinkeTensors
import Testing

/// Logits against `transformers` in float32, which computed on the same weights.
@Suite("Logits equal those of transformers")
struct ParityTests {
  /// Float32 on both sides, sums in another order.
  static let float32Tolerance: Float = 1e-4
  /// Keys and values rounded to half precision: 2⁻¹¹ of values of a few units, averaged.
  static let float16CacheTolerance: Float = 2e-2

  @Test("when a prompt is run at once", arguments: TinyModel.all)
  func whole(name: String) throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    let logits = try runner.logits(tiny.tokens, parts: [tiny.tokens.count], cache: runner.cache())
    #expect(largestDifference(logits, tiny.logits) < Self.float32Tolerance)
  }

  /// Keys, values, queries and weights rounded to 8 significant bits.
  static let bfloat16CacheTolerance: Float = 1.6e-1
  /// The same rounded to 8 bits of the largest of 32: random weights have logits that hang on small differences, and span
  /// some twenty. What rounding loses is bounded closely in `AttentionTests`.
  static let eightBitCacheTolerance: Float = 6e-1

  @Test("with keys and values in few bits", arguments: TinyModel.all)
  func coarseCaches(name: String) throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    for (element, tolerance) in [
      (CacheElement.f16, Self.float16CacheTolerance), (.bf16, Self.bfloat16CacheTolerance),
      (.q8_0, Self.eightBitCacheTolerance),
    ] {
      let logits = try runner.logits(tiny.tokens, parts: [tiny.tokens.count], cache: runner.cache(element))
      let difference = largestDifference(logits, tiny.logits)
      #expect(difference < tolerance, "\(element)")
      #expect(difference > 0)
    }
  }
}

@Suite("Logits are the same bits however tokens are batched")
struct BatchingTests {
  @Test("token by token, and in chunks", arguments: TinyModel.all, CacheElement.allCases)
  func chunks(name: String, element: CacheElement) throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    let count = tiny.tokens.count
    let whole = try runner.logits(tiny.tokens, parts: [count], cache: runner.cache(element))
    let single = try runner.logits(
      tiny.tokens, parts: Array(repeating: 1, count: count), cache: runner.cache(element))
    #expect(single == whole)
    let chunks = try runner.logits(tiny.tokens, parts: [7, 16, 1, 13, 3], cache: runner.cache(element))
    #expect(chunks == whole)
  }

  @Test("on one thread, two, three, seven and nine", arguments: TinyModel.all)
  func threads(name: String) throws {
    let tiny = try TinyModel(name)
    var results: [[Float]] = []
    for threads in [1, 2, 3, 7, 9] {
      let runner = try Runner(tiny.file, threads: threads)
      // Parts of fewer rows than workers, too.
      results.append(try runner.logits(tiny.tokens, parts: [20, 5, 8, 7], cache: runner.cache(.f16)))
    }
    for result in results { #expect(result == results[0]) }
  }

  @Test("alone, and among other sequences", arguments: TinyModel.all)
  func neighbours(name: String) throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    let sequences = [
      Array(tiny.tokens[0..<17]), Array(tiny.tokens[5..<12].reversed()), Array(tiny.tokens[20..<21]),
    ]
    let alone = try sequences.map { tokens in
      try runner.logits(tokens, parts: [tokens.count], cache: runner.cache(.f16))
    }
    let caches = try sequences.map { _ in try runner.cache(.f16) }
    let together = try runner.logits(
      zip(sequences, caches).map { SequenceInput($0, cache: $1, logitCount: $0.count) })
    #expect(together == alone.flatMap { $0 })

    // And on: one sequence decodes, one is in the middle of its prompt, one begins.
    let late = try runner.cache(.f16)
    let next = Array(tiny.tokens[30..<36])
    let mixed = try runner.logits([
      SequenceInput([next[0]], cache: caches[0]), SequenceInput(next, cache: late, logitCount: 6),
      SequenceInput(next, cache: caches[1], logitCount: 0), SequenceInput([next[1]], cache: caches[2]),
    ])
    let fresh = try runner.logits(next, parts: [6], cache: runner.cache(.f16))
    let continued = try runner.logits(
      sequences[0] + [next[0]], parts: [18], cache: runner.cache(.f16))
    let width = runner.model.configuration.vocabularySize
    #expect(Array(mixed[0..<width]) == Array(continued.suffix(width)))
    #expect(Array(mixed[width..<7 * width]) == fresh)
    #expect(caches.map(\.count) == [18, 13, 2])
  }

  /// A prompt and its continuation with 0, 1, 3, 7 and 15 others at its side, on one thread and on two.
  @Test("in crowds of every size", arguments: TinyModel.all)
  func crowds(name: String) throws {
    let tiny = try TinyModel(name)
    let prompt = Array(tiny.tokens[0..<21])
    let steps = Array(tiny.tokens[21..<26])
    var expected: [Float]?
    for threads in [1, 2] {
      let runner = try Runner(tiny.file, threads: threads, limits: .init(rows: 256, logitRows: 256))
      for others in [0, 1, 3, 7, 15] {
        let caches = try (0...others).map { _ in try runner.cache(.f16) }
        // Neighbours begin with prompts of other lengths, before and behind in the batch; then all decode together.
        let place = others / 2
        var batch = (0...others).map { index in
          let tokens =
            index == place ? prompt : Array(tiny.tokens[index % 7..<index % 7 + 1 + 3 * index % 13])
          return SequenceInput(tokens, cache: caches[index], logitCount: index == place ? prompt.count : 0)
        }
        var logits = try runner.logits(batch)
        for (step, token) in steps.enumerated() {
          for index in 0...others {
            let next = index == place ? token : tiny.tokens[(step + index) % tiny.tokens.count]
            batch[index] = SequenceInput([next], cache: caches[index], logitCount: index == place ? 1 : 0)
          }
          logits += try runner.logits(batch)
        }
        #expect(
          logits.map(\.bitPattern) == (expected ?? logits).map(\.bitPattern),
          "\(threads) threads, \(others) others")
        expected = expected ?? logits
      }
    }
  }

  @Test("when a prompt is longer than the workspace")
  func prefill() throws {
    let tiny = try TinyModel("gemma3-regular")
    let runner = try Runner(tiny.file, limits: .init(rows: 12, logitRows: 1))
    let cache = try runner.cache(.f32)
    let logits = try runner.model.prefill(tiny.tokens, cache: cache, in: runner.workspace)
    #expect(cache.count == tiny.tokens.count)
    #expect(logits.count == 1)
    let last = tiny.logits.suffix(logits.width)
    #expect(
      largestDifference(unsafe Array(logits.buffer(row: 0)), Array(last)) < ParityTests.float32Tolerance)
  }

  @Test("after a cache has forgotten the end of its sequence", arguments: CacheElement.allCases)
  func rollback(element: CacheElement) throws {
    let tiny = try TinyModel("qwen3-regular")
    let runner = try Runner(tiny.file)
    let cache = try runner.cache(element)
    let first = try runner.logits(tiny.tokens, parts: [20, 20], cache: cache)
    // What another continuation leaves behind is not seen.
    cache.count = 20
    _ = try runner.logits(Array(tiny.tokens.reversed()), parts: [40], cache: cache)
    cache.count = 20
    let again = try runner.logits(Array(tiny.tokens[20...]), parts: [20], cache: cache)
    #expect(again == Array(first.suffix(again.count)))
  }
}
