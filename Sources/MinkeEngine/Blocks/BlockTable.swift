/// The blocks of one sequence, in the order of its positions.
package struct BlockTable: Sendable {
  package let identity: Identity
  /// Whether full blocks go to the prefix tree, where other sequences of the identity find them.
  let isShared: Bool
  /// Blocks that hold positions, or are about to.
  package internal(set) var blocks: [BlockNumbers] = []
  /// The first blocks' nodes in the prefix tree; those behind are this sequence's own.
  var nodes: [Int] = []
  /// By group: the first block that the sequence still holds.
  var firstHeld = SIMD2<Int>(0, 0)
  /// ``blocks`` from here on have changed since this was last set to their number.
  package var changedFrom = 0

  package init(identity: Identity, isShared: Bool) {
    self.identity = identity
    self.isShared = isShared
  }

  /// Positions there are blocks for.
  package var capacity: Int { blocks.count * BlockManager.blockLength }

  mutating func noteChange(at index: Int) { changedFrom = min(changedFrom, index) }
}
