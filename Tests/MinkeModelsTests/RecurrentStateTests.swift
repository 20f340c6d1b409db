import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

@Suite("A sequence's state beside its cache")
struct RecurrentStateTests {
  let name = "minimax-regular"

  @Test("cannot be cut back, but is made anew")
  func keep() throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    let cache = try runner.cache(.f16)
    #expect(!cache.canForget)
    let first = try runner.logits(tiny.tokens, parts: [20, 20], cache: cache)
    cache.keep(first: 60)
    #expect(cache.count == 40)
    cache.keep(first: 20)
    #expect(cache.count == 0)
    #expect(try runner.logits(tiny.tokens, parts: [13, 27], cache: cache) == first)
  }

  @Test("is not used for other positions than it has seen")
  func mismatch() throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    let cache = try runner.cache(.f16)
    _ = try runner.logits(tiny.tokens, parts: [40], cache: cache)
    cache.count = 20
    let text = message { _ = try runner.logits([1], parts: [1], cache: cache) }
    #expect(text.contains("a state that has seen other positions"), "\(text)")
    #expect(cache.count == 20)
    // Twice in one batch: the second part would begin before the first has ended.
    let twice = try runner.cache(.f16)
    #expect(
      message { _ = try runner.logits([SequenceInput([1], cache: twice), SequenceInput([2], cache: twice)]) }
        .contains("a state that has seen other positions"))
    #expect(twice.count == 0)
  }

  @Test("is kept, put back and shared")
  func snapshot() throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    var sequences = try runner.sequences(blocks: 4)
    let cache = try KVCache(pool: sequences.pool, capacity: 64)
    #expect(unsafe try #require(cache.stateBytes).count == 4 * cache.shape.stateCount)
    let (first, rest) = (Array(tiny.tokens[..<20]), Array(tiny.tokens[20...]))
    _ = try runner.logits(first, parts: [20], cache: cache, of: &sequences)
    let kept = unsafe try #require(cache.stateBytes.map { unsafe [UInt8]($0) })
    #expect(cache.seenCount == 20 && kept.contains { $0 != 0 })
    let block = try #require(cache.block(at: 0, group: 0))
    // Others that begin with the same: with a copy of the block, and the state of the sequence or its bytes.
    let others = try (0..<2).map { _ in
      let other = try KVCache(pool: sequences.pool, capacity: 64)
      let copy = sequences.takeBlock(group: 0)
      sequences.pool.copy(block, to: copy, group: 0)
      other.setBlock(copy, at: 0, group: 0)
      other.count = 20
      return other
    }
    others[0].copyState(from: cache)
    let expected = try runner.logits([SequenceInput(rest, cache: cache, logitCount: 20)])
    unsafe kept.withUnsafeBytes { unsafe others[1].setState($0, seenCount: 20) }
    for other in others {
      #expect(try runner.logits([SequenceInput(rest, cache: other, logitCount: 20)]) == expected)
      #expect(other.seenCount == 40)
    }
    // Back to where the state was kept.
    unsafe kept.withUnsafeBytes { unsafe cache.setState($0, seenCount: 20) }
    cache.count = 20
    #expect(try runner.logits([SequenceInput(rest, cache: cache, logitCount: 20)]) == expected)
    let plain = try KVCache(
      KVCacheShape(groups: [KVLayerGroup(layerCount: 1)], headCount: 1, headDimension: 8), capacity: 8)
    #expect(unsafe plain.stateBytes == nil)
  }

  @Test("takes memory that is estimated, and only layers of softmax attention keep positions")
  func shape() throws {
    let configuration = try ModelConfiguration(TinyModel(name).file)
    let linear = try #require(configuration.linear)
    let shape = configuration.cacheShape()
    #expect(shape.layerCount == linear.isLinear.count { !$0 })
    let file = try TinyModel(name).file
    var without = shape
    without.stateCount = 0
    let estimate = MemoryEstimate(configuration, tensors: file.tensors, contextLength: 64)
    #expect(estimate.cache == (without.byteCount(capacity: 64) ?? 0) + 4 * shape.stateCount)
    #expect(
      shape.stateCount == linear.isLinear.count { $0 } * linear.headCount * linear.headLength
        * linear.headLength)
  }
}
