/// What a sequence begins with.
package struct CachedPrefix: Sendable {
  package var table: BlockTable
  /// Positions whose keys and values are there.
  package var count: Int
  /// To be done before the sequence's first pass.
  package var copies: [BlockCopy]
}

extension BlockManager {
  /// A table for a sequence, with what the cache has of its tokens; the last one is always left to compute.
  ///
  /// - Returns: nil where memory for all of `tokens` and one more cannot be had now.
  package mutating func begin(
    _ tokens: [Int32], identity: Identity, isShared: Bool, reserving reserve: Int = 0
  ) -> CachedPrefix? {
    var table = BlockTable(identity: identity, isShared: isShared)
    let path = isShared ? matchingPath(tokens, identity) : []
    let matched = usable(path)
    pin(&table, path[..<matched])
    // Nothing of the path can be evicted from here on.
    let missing = heldBytes(positions: tokens.count + 1) - heldBytes(of: table)
    guard missing + reserve <= availableBytes else {
      unpin(&table)
      return nil
    }
    var prefix = CachedPrefix(table: table, count: matched * Self.blockLength, copies: [])
    if isShared { copyPart(of: tokens, into: &prefix) }
    account.note(prompt: tokens.count, cached: prefix.count)
    return prefix
  }

  /// Nodes that hold the first tokens, as many as there are, without the last token.
  private func matchingPath(_ tokens: [Int32], _ identity: Identity) -> [Int] {
    var path: [Int] = []
    while true {
      let start = path.count * Self.blockLength
      let end = start + Self.blockLength
      guard end < tokens.count,
        let child = tree.child(of: path.last ?? -1, identity: identity, tokens[start..<end])
      else { return path }
      path.append(child)
    }
  }

  /// How many nodes of a path a sequence can begin with: those behind which all that its next token sees is there.
  private func usable(_ path: [Int]) -> Int {
    guard let group = windowGroup else { return path.count }
    // How many nodes up to each have their block.
    var run = 0
    var best = 0
    for (index, node) in path.enumerated() {
      run = tree[node].blocks[group] >= 0 ? run + 1 : 0
      let first = groups[group].firstBlock(seenFrom: (index + 1) * Self.blockLength)
      if index + 1 - run <= first { best = index + 1 }
    }
    return best
  }

  private func heldBytes(of table: BlockTable) -> Int {
    groups.indices.reduce(0) {
      $0 + groups[$1].byteCount * (table.blocks.count - min(table.firstHeld[$1], table.blocks.count))
    }
  }

  /// Goes on from the node that has most of the tokens that follow, with a copy of its block.
  private mutating func copyPart(of tokens: [Int32], into prefix: inout CachedPrefix) {
    let rest = tokens[prefix.count..<tokens.count - 1]
    guard
      let match = tree.longestMatch(
        of: prefix.table.nodes.last ?? -1, identity: prefix.table.identity, rest),
      groups.indices.allSatisfy({ tree[match.node].blocks[$0] >= 0 })
    else { return }
    let source = tree[match.node].blocks
    // The source must not make room for its copy.
    let (wasLeaf, wasUnseen) = (leaves.contains(match.node), unseen.contains(match.node))
    leaves.remove(match.node)
    unseen.remove(match.node)
    clock += 1
    tree[match.node].lastUse = clock
    let target = allocate()
    let owner = tree[match.node].owner
    if wasLeaf { leaves.insert(match.node, owner: owner, lastUse: clock) }
    if wasUnseen { unseen.insert(match.node, owner: owner, lastUse: clock) }
    guard let target else { return }
    prefix.table.noteChange(at: prefix.table.blocks.count)
    prefix.table.blocks.append(target)
    prefix.copies = groups.indices.map { BlockCopy(group: $0, source: source[$0], target: target[$0]) }
    prefix.count += match.count
  }

  /// Takes a running sequence's first `computed` tokens to where sequences that wait for the same prompt find them: its last
  /// block, which is not full, is copied.
  package mutating func share(_ table: BlockTable, _ tokens: [Int32], computed: Int) -> [BlockCopy] {
    let start = table.nodes.count * Self.blockLength
    guard table.isShared, start < computed, table.nodes.count < table.blocks.count else { return [] }
    let (parent, part) = (table.nodes.last ?? -1, tokens[start..<computed])
    if let match = tree.longestMatch(of: parent, identity: table.identity, part), match.count == part.count {
      return []
    }
    let source = table.blocks[table.nodes.count]
    guard groups.indices.allSatisfy({ source[$0] >= 0 }), let target = allocate() else { return [] }
    pinnedBytes -= blockByteCount
    keep(part, target, under: parent, table.identity)
    return groups.indices.map { BlockCopy(group: $0, source: source[$0], target: target[$0]) }
  }

  /// A sequence ends or makes room: what it computed stays until the room is needed.
  package mutating func end(_ table: inout BlockTable, _ tokens: [Int32], computed: Int) {
    clock += 1
    let start = table.nodes.count * Self.blockLength
    let parent = table.nodes.last ?? -1
    for index in table.nodes.count..<table.blocks.count {
      let numbers = table.blocks[index]
      // After `commit` only the last, part of a block is not in the tree yet.
      let part = tokens[min(start, computed)..<computed]
      let isWhole = groups.indices.allSatisfy { numbers[$0] >= 0 }
      guard table.isShared, index == table.nodes.count, !part.isEmpty, isWhole,
        tree.longestMatch(of: parent, identity: table.identity, part)?.count ?? 0 < part.count
      else {
        freeOwned(numbers)
        continue
      }
      pinnedBytes -= blockByteCount
      keep(part, numbers, under: parent, table.identity)
    }
    table.blocks.removeLast(table.blocks.count - table.nodes.count)
    unpin(&table)
  }

  /// Makes blocks that no sequence runs through a leaf.
  @discardableResult mutating func keep(
    _ tokens: ArraySlice<Int32>, _ numbers: BlockNumbers, under parent: Int, _ identity: Identity
  ) -> Int {
    clock += 1
    let node = tree.insert(tokens, numbers, under: parent, identity: identity)
    removeSuperseded(under: parent, identity, by: tokens)
    tree[node].lastUse = clock
    leaves.insert(node, owner: tree[node].owner, lastUse: clock)
    if let group = windowGroup, numbers[group] >= 0 {
      unseen.insert(node, owner: tree[node].owner, lastUse: clock)
    }
    if parent >= 0 { leaves.remove(parent) }
    return node
  }
}
