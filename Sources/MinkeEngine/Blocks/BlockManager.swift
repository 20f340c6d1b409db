/// Which blocks of the key/value cache belong to whom: a pure value that decides and counts, and touches no memory.
///
/// A sequence gets blocks of 64 positions as it grows. Full ones go to the prefix tree, where sequences of the same identity
/// that begin with the same tokens share them; a block of which only the first positions are the same is copied. What no
/// running sequence uses stays until the room is needed.
package struct BlockManager {
  package let groups: [BlockGroup]
  /// Bytes that blocks may take, used and cached ones together.
  package let byteLimit: Int
  var pools: [BlockPool]
  var tree = PrefixTree()
  /// Leaves that no sequence runs through.
  var leaves = EvictionOrder()
  /// Nodes whose block of layers with a window no sequence sees.
  var unseen = EvictionOrder()
  var clock: UInt64 = 0
  /// Bytes of blocks that are not free.
  private(set) var usedBytes = 0
  /// Bytes of blocks that running sequences hold: these cannot be evicted.
  var pinnedBytes = 0
  package internal(set) var account = CacheAccount()
  /// Free blocks whose memory is to be given back, after what is to be copied; for the caller to do and to empty.
  package var releases: [BlockPlace] = []

  /// The group of layers with a window, if there is one.
  let windowGroup: Int?

  package init(groups: [BlockGroup], byteLimit: Int) {
    precondition((1...2).contains(groups.count) && groups.allSatisfy { $0.byteCount > 0 })
    self.groups = groups
    self.byteLimit = byteLimit
    windowGroup = groups.firstIndex { $0.window != nil }
    pools = groups.map { BlockPool(byteCount: $0.byteCount, limit: byteLimit / $0.byteCount) }
  }

  /// Bytes of 64 positions in all layers.
  package var blockByteCount: Int { groups.reduce(0) { $0 + $1.byteCount } }

  /// Bytes that could be had by evicting all that is cached.
  package var availableBytes: Int { byteLimit - pinnedBytes }

  /// Bytes that a sequence of `count` positions holds, the last `rows` of which are computed in one pass, when it has
  /// dropped what its windows do not see.
  package func heldBytes(positions count: Int, computing rows: Int = 0) -> Int {
    let end = (count + Self.blockLength - 1) / Self.blockLength
    return groups.reduce(0) {
      $0 + $1.byteCount * (end - min($1.firstBlock(seenFrom: max(count - rows, 0)), end))
    }
  }
}

extension BlockManager {
  /// Tokens that a sequence alone can have: those of the context for which memory suffices in passes of `rows` rows.
  package func positionLimit(contextLength: Int, rows: Int) -> Int {
    var (low, high) = (0, contextLength)
    while low < high {
      let middle = (low + high + 1) / 2
      let bytes = heldBytes(positions: middle, computing: rows)
      // A block more is copied from while its copy is made.
      if bytes + blockByteCount <= byteLimit { low = middle } else { high = middle - 1 }
    }
    return low
  }
}

// MARK: Taking and giving back

extension BlockManager {
  /// A block for each group, or nil where memory is short even with nothing cached left.
  mutating func allocate() -> BlockNumbers? {
    var numbers = BlockNumbers.none
    for group in groups.indices {
      guard let block = allocate(group) else {
        for earlier in 0..<group { free(numbers[earlier], earlier) }
        return nil
      }
      numbers[group] = block
    }
    pinnedBytes += blockByteCount
    return numbers
  }

  mutating func allocate(_ group: Int) -> Int32? {
    let bytes = groups[group].byteCount
    while usedBytes + bytes > byteLimit { guard evict() else { return nil } }
    guard let block = pools[group].takesMemory ? takeCold(group) : pools[group].take() else { return nil }
    usedBytes += bytes
    return block
  }

  /// A block that needs new memory: other groups' free blocks make room for it.
  private mutating func takeCold(_ group: Int) -> Int32? {
    var resident = pools.reduce(0) { $0 + $1.residentCount * $1.byteCount }
    for other in groups.indices where other != group {
      while resident + groups[group].byteCount > byteLimit, let block = pools[other].cool() {
        releases.append(BlockPlace(group: other, block: block))
        resident -= groups[other].byteCount
      }
    }
    guard let block = pools[group].take() else { return nil }
    // It is in use again before its memory was given back.
    releases.removeAll { $0 == BlockPlace(group: group, block: block) }
    return block
  }

  func isAllocated(_ block: Int32, _ group: Int) -> Bool { pools[group].contains(block) }

  mutating func free(_ block: Int32, _ group: Int) {
    pools[group].put(block)
    usedBytes -= groups[group].byteCount
  }

  /// Gives back blocks that a sequence alone held.
  mutating func freeOwned(_ numbers: BlockNumbers) {
    for group in groups.indices where numbers[group] >= 0 {
      free(numbers[group], group)
      pinnedBytes -= groups[group].byteCount
    }
  }
}

// MARK: Growing

extension BlockManager {
  /// Gives a sequence blocks for its first `count` positions.
  ///
  /// - Returns: false where memory is short; the table is then as it was.
  package mutating func extend(_ table: inout BlockTable, to count: Int) -> Bool {
    let before = table.blocks.count
    while table.capacity < count {
      guard let numbers = allocate() else {
        for index in before..<table.blocks.count { freeOwned(table.blocks[index]) }
        table.blocks.removeLast(table.blocks.count - before)
        return false
      }
      table.noteChange(at: table.blocks.count)
      table.blocks.append(numbers)
    }
    return true
  }

  /// Notes that the first `computed` of a sequence's `tokens` have been computed: full blocks become findable, and what no
  /// later token sees may go.
  package mutating func commit(_ table: inout BlockTable, _ tokens: [Int32], computed: Int) {
    if table.isShared {
      while (table.nodes.count + 1) * Self.blockLength <= computed {
        let start = table.nodes.count * Self.blockLength
        publish(&table, tokens[start..<start + Self.blockLength])
      }
    }
    dropUnseen(&table, from: computed)
  }

  /// Makes the sequence's first own block a node, or gives it up for one that holds the same.
  private mutating func publish(_ table: inout BlockTable, _ tokens: ArraySlice<Int32>) {
    let index = table.nodes.count
    let parent = table.nodes.last ?? -1
    let own = table.blocks[index]
    clock += 1
    let node: Int
    if let existing = tree.child(of: parent, identity: table.identity, tokens) {
      node = existing
      for group in groups.indices where own[group] >= 0 {
        guard tree[node].blocks[group] >= 0 else {
          tree[node].blocks[group] = own[group]
          continue
        }
        // What is the same is held once. Who pins it counts it.
        free(own[group], group)
        pinnedBytes -= groups[group].byteCount
        if tree[node].pins == 0 || (group == windowGroup && tree[node].windowPins == 0) {
          pinnedBytes += groups[group].byteCount
        }
        table.blocks[index][group] = tree[node].blocks[group]
        table.noteChange(at: index)
      }
    } else {
      node = tree.insert(tokens, own, under: parent, identity: table.identity)
      removeSuperseded(under: parent, table.identity, by: tokens)
    }
    adopt(node)
    table.nodes.append(node)
  }

  /// One more sequence runs through a node, whose blocks count as pinned already, and sees its window.
  private mutating func adopt(_ node: Int) {
    leaves.remove(node)
    unseen.remove(node)
    if tree[node].parent >= 0 { leaves.remove(tree[node].parent) }
    tree[node].pins += 1
    tree[node].windowPins += windowGroup == nil ? 0 : 1
    tree[node].lastUse = clock
  }

  /// Shorter nodes that hold nothing which a new one does not.
  mutating func removeSuperseded(
    under parent: Int, _ identity: Identity, by tokens: ArraySlice<Int32>
  ) {
    for node in tree.supersededChildren(of: parent, identity: identity, by: tokens) { discard(node) }
  }

  /// Lets go of blocks of layers with a window that a token at `position` does not see.
  private mutating func dropUnseen(_ table: inout BlockTable, from position: Int) {
    guard let group = windowGroup else { return }
    let first = min(groups[group].firstBlock(seenFrom: position), table.blocks.count)
    while table.firstHeld[group] < first {
      let index = table.firstHeld[group]
      if index < table.nodes.count {
        unpinWindow(table.nodes[index])
      } else {
        free(table.blocks[index][group], group)
        pinnedBytes -= groups[group].byteCount
      }
      table.blocks[index][group] = -1
      table.noteChange(at: index)
      table.firstHeld[group] += 1
    }
  }
}
