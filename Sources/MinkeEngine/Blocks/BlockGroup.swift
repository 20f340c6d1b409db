/// What the block manager needs to know of the layers that keep the same positions.
package struct BlockGroup: Sendable, Equatable {
  /// Bytes of one block: 64 positions of all layers of the group.
  package var byteCount: Int
  /// Positions that the layers see, the current one included; nil for all.
  package var window: Int?

  package init(byteCount: Int, window: Int? = nil) {
    self.byteCount = byteCount
    self.window = window
  }

  /// The first block that a token at `position` still sees.
  func firstBlock(seenFrom position: Int) -> Int {
    guard let window else { return 0 }
    return max(position - window + 1, 0) / BlockManager.blockLength
  }
}

/// The numbers of the blocks that hold the same 64 positions, one for each group; −1 where there is none.
package typealias BlockNumbers = SIMD2<Int32>

extension BlockNumbers {
  static let none = BlockNumbers(-1, -1)
}

/// A block to be copied to another before the next pass.
package struct BlockCopy: Sendable, Equatable {
  package var group: Int
  package var source: Int32
  package var target: Int32
}

/// A block, of one group.
package struct BlockPlace: Sendable, Equatable {
  package var group: Int
  package var block: Int32
}
