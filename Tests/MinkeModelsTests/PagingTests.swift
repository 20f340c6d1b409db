import MinkeModels
import MinkeTensors
import Testing

@Suite("Logits are the same bits wherever blocks lie")
struct PagingTests {
  /// Longer than some blocks; prefill and decode.
  static let parts = [50, 64, 1, 1, 64, 9, 2, 1]
  static let count = parts.reduce(0, +)

  private func tokens(_ tiny: TinyModel, _ count: Int = count, from first: Int = 0) -> [Int32] {
    (first..<first + count).map { tiny.tokens[$0 % tiny.tokens.count] }
  }

  private func expectSame(_ found: [Float], _ expected: [Float], _ what: String = "") {
    #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(what)")
    #expect(expected.allSatisfy { $0.isFinite })
  }

  @Test("in disorder, and full of what was there before", arguments: TinyModel.all, CacheElement.allCases)
  func disorder(name: String, element: CacheElement) throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    let tokens = tokens(tiny)
    let expected = try runner.logits(
      tokens, parts: Self.parts, cache: runner.cache(element, capacity: Self.count))
    for rubbish: UInt8 in [0xFF, 0x7B] {
      var sequences = try runner.sequences(element, blocks: 7, rubbish: rubbish)
      let cache = try KVCache(pool: sequences.pool, capacity: Self.count)
      let found = try runner.logits(tokens, parts: Self.parts, cache: cache, of: &sequences)
      expectSame(found, expected, "bytes \(rubbish)")
    }
  }

  @Test(
    "without what lies behind a window", arguments: ["gemma3-regular", "gemma3-odd-linear"],
    CacheElement.allCases)
  func window(name: String, element: CacheElement) throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    // More than a chunk of 512 positions, and steps over the ends of blocks.
    let parts = Array(repeating: 61, count: 8) + [30] + Array(repeating: 1, count: 70) + [64, 3]
    let tokens = tokens(tiny, parts.reduce(0, +))
    let expected = try runner.logits(
      tokens, parts: parts, cache: runner.cache(element, capacity: tokens.count))
    let shape = runner.model.configuration.cacheShape(element, element)
    let counts = shape.groups.map { $0.blockCount(positions: tokens.count, keepingWindow: 64) }
    #expect(counts[0] == 11 && counts[1] == 3)
    var sequences = try runner.sequences(element, blocks: counts[0])
    let cache = try KVCache(pool: sequences.pool, capacity: tokens.count)
    expectSame(try runner.logits(tokens, parts: parts, cache: cache, of: &sequences), expected)
    #expect(cache.block(at: 0, group: 0) != nil && cache.block(at: 0, group: 1) == nil)
    #expect(counts[0] - sequences.free[1].count <= counts[1])
  }

  @Test("of which sequences share the first", arguments: TinyModel.all)
  func sharing(name: String) throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    let (first, shared) = (tokens(tiny), 128)
    let second = first.prefix(shared) + tokens(tiny, 40, from: 7)
    let parts = [64, 64, 30, 1, 9]
    let expected = try runner.logits(Array(second), parts: parts, cache: runner.cache(.f16, capacity: 200))

    var sequences = try runner.sequences(blocks: 9)
    let cache = try KVCache(pool: sequences.pool, capacity: 200)
    _ = try runner.logits(
      Array(first.prefix(shared)), parts: [64, 64], cache: cache, of: &sequences)
    let other = try KVCache(pool: sequences.pool, capacity: 500)
    for group in cache.shape.groups.indices {
      for index in 0..<shared / 64 {
        other.setBlock(cache.block(at: index, group: group), at: index, group: group)
      }
    }
    other.count = shared
    other.copyState(from: cache)
    // Both go on, in one batch.
    var found: [Float] = []
    var (firstRest, secondRest) = (first.dropFirst(shared), second.dropFirst(shared))
    for part in parts.dropFirst(2) {
      for cache in [cache, other] { prepareKeeping(cache, rows: part, &sequences) }
      found += try runner.logits([
        SequenceInput(firstRest.prefix(part), cache: cache, logitCount: 0),
        SequenceInput(secondRest.prefix(part), cache: other, logitCount: part),
      ])
      (firstRest, secondRest) = (firstRest.dropFirst(part), secondRest.dropFirst(part))
    }
    expectSame(found, Array(expected.suffix(found.count)))
  }

  /// Blocks that others may have are not taken back.
  private func prepareKeeping(_ cache: KVCache, rows: Int, _ sequences: inout PagedSequences) {
    for (group, layers) in cache.shape.groups.enumerated() {
      for index in layers.blocks(position: cache.count, rowCount: rows)
      where cache.block(at: index, group: group) == nil {
        cache.setBlock(sequences.takeBlock(group: group), at: index, group: group)
      }
    }
  }

  @Test("of which a sequence has copied the last", arguments: ["llama-regular", "gemma3-regular"])
  func copying(name: String) throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    let prompt = tokens(tiny, 21)
    var sequences = try runner.sequences(blocks: 3)
    let cache = try KVCache(pool: sequences.pool, capacity: 64)
    _ = try runner.logits(prompt, parts: [21], cache: cache, of: &sequences)
    let other = try KVCache(pool: sequences.pool, capacity: 64)
    for group in cache.shape.groups.indices {
      let copy = sequences.takeBlock(group: group)
      sequences.pool.copy(try #require(cache.block(at: 0, group: group)), to: copy, group: group)
      other.setBlock(copy, at: 0, group: group)
    }
    other.count = 21
    let batch = [SequenceInput([3], cache: cache), SequenceInput([5], cache: other)]
    let found = try runner.logits(batch)
    let expected = try [Int32(3), 5].flatMap { token in
      let alone = try runner.cache(.f16)
      _ = try runner.logits(prompt, parts: [21], cache: alone)
      return try runner.logits([SequenceInput([token], cache: alone)])
    }
    expectSame(found, expected)
  }
}
