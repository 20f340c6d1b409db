/// The blocks of one group by number: which are in use, and which of the others have memory.
///
/// A block that was used before is handed out again first: its memory is there already.
struct BlockPool {
  /// Bytes of one block.
  let byteCount: Int
  private let limit: Int32
  private var isUsed: [Bool] = []
  /// Free blocks whose memory is there.
  private var warm: [Int32] = []
  /// Free blocks whose memory was given back.
  private var cold: [Int32] = []

  init(byteCount: Int, limit: Int) {
    self.byteCount = byteCount
    self.limit = Int32(clamping: limit)
  }

  var usedCount: Int { isUsed.count - warm.count - cold.count }
  /// Blocks that take up memory.
  var residentCount: Int { isUsed.count - cold.count }
  /// Whether the next block needs new memory.
  var takesMemory: Bool { warm.isEmpty }

  /// Whether a block is in use.
  func contains(_ block: Int32) -> Bool { block >= 0 && Int(block) < isUsed.count && isUsed[Int(block)] }

  mutating func take() -> Int32? {
    if let block = warm.popLast() ?? cold.popLast() {
      isUsed[Int(block)] = true
      return block
    }
    guard isUsed.count < limit else { return nil }
    isUsed.append(true)
    return Int32(isUsed.count - 1)
  }

  mutating func put(_ block: Int32) {
    precondition(contains(block), "a block is given back once")
    isUsed[Int(block)] = false
    warm.append(block)
  }

  /// A free block whose memory is to be given back.
  mutating func cool() -> Int32? {
    guard let block = warm.popLast() else { return nil }
    cold.append(block)
    return block
  }
}
