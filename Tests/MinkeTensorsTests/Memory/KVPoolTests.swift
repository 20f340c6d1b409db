import MinkeTensors
import Testing

@Suite struct KVPoolTests {
  /// 3 and 2 layers of 2 heads of 64 halves, twice.
  let shape = KVCacheShape(
    groups: [KVLayerGroup(layerCount: 3), KVLayerGroup(layerCount: 2, window: 100)], headCount: 2,
    headDimension: 64)

  @Test func blocksOfEachGroupHaveTheirSize() throws {
    let pool = try KVPool(shape, blockCounts: [4, 2])
    #expect(pool.blockByteCount(0) == 64 * 3 * 2 * 256 && pool.blockByteCount(1) == 64 * 2 * 2 * 256)
    #expect(shape.byteCount(capacity: 65) == 2 * (pool.blockByteCount(0) + pool.blockByteCount(1)))
    #expect(unsafe pool.bytes(of: 3, group: 0).count == pool.blockByteCount(0))
    let (first, second) = unsafe (pool.bytes(of: 0, group: 1), pool.bytes(of: 1, group: 1))
    let distance = unsafe UnsafeRawPointer(second.baseAddress!) - UnsafeRawPointer(first.baseAddress!)
    #expect(distance == pool.blockByteCount(1))
  }

  @Test func copiesOneBlock() throws {
    let pool = try KVPool(shape, blockCounts: [3, 1])
    for block: Int32 in 0..<3 {
      unsafe pool.bytes(of: block, group: 0).initializeMemory(as: UInt8.self, repeating: UInt8(block + 1))
    }
    pool.copy(0, to: 1, group: 0)
    pool.copy(2, to: 2, group: 0)
    let found = (0..<3).map { block in
      let bytes = unsafe pool.bytes(of: Int32(block), group: 0)
      return unsafe Set(bytes)
    }
    #expect(found == [[1], [1], [3]])
  }

  #if os(Linux)
    @Test func givesBackWholePages() throws {
      let pool = try KVPool(shape, blockCounts: [6, 1])
      for block: Int32 in 0..<6 {
        unsafe pool.bytes(of: block, group: 0).initializeMemory(as: UInt8.self, repeating: 7)
      }
      pool.release([1, 2, 4], group: 0)
      let found = (0..<6).map { block in
        let bytes = unsafe pool.bytes(of: Int32(block), group: 0)
        return unsafe Set(bytes)
      }
      // A block is 24 pages of 4096 bytes.
      #expect(found == [[7], [0], [0], [7], [0], [7]])
    }
  #endif

  @Test func refusesWhatCannotBe() {
    for counts in [[1], [1, 0], [1, 1, 1], [1, -1], [1, .max], [1 << 31, 1]] {
      #expect(throws: TensorError.self) { try KVPool(shape, blockCounts: counts) }
    }
    var empty = shape
    empty.groups = []
    #expect(throws: TensorError.self) { try KVPool(empty, blockCounts: []) }
    empty.groups = [KVLayerGroup(layerCount: 1, window: 0)]
    #expect(throws: TensorError.self) { try KVPool(empty, blockCounts: [1]) }
  }

  @Test func sequencesHaveWhatTheirTablesSay() throws {
    let pool = try KVPool(shape, blockCounts: [4, 2])
    let cache = try KVCache(pool: pool, capacity: 200)
    #expect(!cache.hasBlocks(forNext: 1))
    cache.setBlock(3, at: 0, group: 0)
    #expect(!cache.hasBlocks(forNext: 1))
    cache.setBlock(0, at: 0, group: 1)
    #expect(cache.hasBlocks(forNext: 64) && !cache.hasBlocks(forNext: 65))
    cache.count = 163
    for index in 1...3 { cache.setBlock(Int32(index - 1), at: index, group: 0) }
    cache.setBlock(1, at: 2, group: 1)
    // Position 163 sees 100 positions: the first is 64.
    #expect(!cache.hasBlocks(forNext: 1))
    cache.setBlock(0, at: 1, group: 1)
    #expect(cache.hasBlocks(forNext: 29) && !cache.hasBlocks(forNext: 30))
    cache.setBlock(nil, at: 0, group: 1)
    #expect(cache.hasBlocks(forNext: 1))
    #expect(cache.block(at: 0, group: 1) == nil && cache.block(at: 1, group: 1) == 0)
  }

  /// Against counting the blocks of every pass.
  @Test func aWindowNeedsFewBlocks() throws {
    for window in [1, 2, 63, 64, 65, 100, 128] {
      for rows in [1, 2, 17, 64, 65, 130] {
        let group = KVLayerGroup(layerCount: 1, window: window)
        let most = (0..<200).map { group.blocks(position: $0, rowCount: rows).count }.max()
        #expect(group.blockCount(positions: 10000, keepingWindow: rows) == most, "\(window), \(rows)")
      }
    }
    let all = KVLayerGroup(layerCount: 1)
    #expect(all.blocks(position: 130, rowCount: 1) == 0..<3)
    #expect(all.blockCount(positions: 1000, keepingWindow: 1) == 16)
    #expect(KVLayerGroup(layerCount: 1, window: .max).blockCount(positions: 65, keepingWindow: 512) == 2)
    let pool = try KVPool(shape, blockCounts: [1, 1])
    // 99 positions before 64 rows: up to 4 blocks.
    #expect(
      shape.byteCount(positions: 6400, keepingWindow: 64)
        == 100 * pool.blockByteCount(0) + 4 * pool.blockByteCount(1))
    #expect(shape.byteCount(positions: 64, keepingWindow: 64) == shape.byteCount(capacity: 64))
    #expect(shape.byteCount(positions: 0, keepingWindow: 64) == nil)
  }
}
