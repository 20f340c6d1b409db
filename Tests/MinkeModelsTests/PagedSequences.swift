import MinkeModels
import MinkeTensors

/// Sequences of one model that share a pool of blocks, handed out in disorder and full of rubbish.
struct PagedSequences {
  let pool: KVPool
  /// Bytes with which blocks are filled before they are handed out.
  let rubbish: UInt8
  /// Blocks of each group that no sequence has.
  private(set) var free: [[Int32]]

  init(_ shape: KVCacheShape, blocks: Int, rubbish: UInt8 = 0xFF) throws {
    pool = try KVPool(shape, blockCounts: shape.groups.map { _ in blocks })
    self.rubbish = rubbish
    // Every third of them, then the others.
    free = shape.groups.map { _ in
      (0..<3).flatMap { first in stride(from: first, to: blocks, by: 3).map { Int32($0) } }
    }
  }

  /// Gives a sequence the blocks for its next `rows` rows, and takes back those that it does not see any more.
  mutating func prepare(_ cache: KVCache, rows: Int) {
    for (group, layers) in cache.shape.groups.enumerated() {
      let needed = layers.blocks(position: cache.count, rowCount: rows)
      for index in 0..<needed.lowerBound {
        guard let block = cache.block(at: index, group: group) else { continue }
        cache.setBlock(nil, at: index, group: group)
        free[group].append(block)
      }
      for index in needed where cache.block(at: index, group: group) == nil {
        cache.setBlock(takeBlock(group: group), at: index, group: group)
      }
    }
  }

  mutating func takeBlock(group: Int) -> Int32 {
    let block = free[group].removeFirst()
    let bytes = unsafe pool.bytes(of: block, group: group)
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: rubbish)
    return block
  }
}

extension Runner {
  func sequences(
    _ element: CacheElement = .f16, blocks: Int, rubbish: UInt8 = 0xFF
  ) throws -> PagedSequences {
    try PagedSequences(model.configuration.cacheShape(element, element), blocks: blocks, rubbish: rubbish)
  }

  /// All logits of `tokens`, in parts that each get the blocks they need.
  func logits(
    _ tokens: [Int32], parts: [Int], cache: KVCache, of sequences: inout PagedSequences
  ) throws -> [Float] {
    var result: [Float] = []
    var rest = tokens[...]
    for part in parts {
      sequences.prepare(cache, rows: part)
      result += try logits([SequenceInput(rest.prefix(part), cache: cache, logitCount: part)])
      rest = rest.dropFirst(part)
    }
    return result
  }
}
