// What of the prefix tree goes to a file, and what comes back from one.

/// A node that is to be saved.
package struct NodeToSave: Sendable {
  let node: Int
  /// The node's own, so that one which took its number is not mistaken for it.
  let serial: UInt64
  /// Its parent's place in the list, earlier than its own; −1 for none.
  package let parent: Int
  /// The node's tokens, or the first of them.
  package let tokens: [Int32]
}

extension BlockManager {
  /// All nodes of an identity, parents before children, and what was used last before what was used long ago: a file that
  /// does not fit where it is restored has what matters most in front.
  package func nodesToSave(of identity: Identity) -> [NodeToSave] {
    guard let owner = tree.owner(of: identity) else { return [] }
    var children: [Int: [Int]] = [:]
    for (index, node) in tree.nodes.enumerated() where !node.isFree && node.owner == owner {
      children[node.parent, default: []].append(index)
    }
    // Level by level, so that parents come before children.
    var nodes: [(node: Int, depth: Int)] = (children[-1] ?? []).map { ($0, 0) }
    var next = 0
    while next < nodes.count {
      let (node, depth) = nodes[next]
      nodes += (children[node] ?? []).map { ($0, depth + 1) }
      next += 1
    }
    // A node was used when what lies behind it was.
    var used: [Int: UInt64] = [:]
    for (node, _) in nodes.reversed() {
      let own = max(used[node] ?? 0, tree[node].lastUse)
      used[node] = own
      used[tree[node].parent] = max(used[tree[node].parent] ?? 0, own)
    }
    nodes.sort { (used[$1.node] ?? 0, $0.depth, $0.node) < (used[$0.node] ?? 0, $1.depth, $1.node) }
    var places: [Int: Int] = [:]
    for (place, entry) in nodes.enumerated() { places[entry.node] = place }
    return nodes.map { entry in
      let node = tree[entry.node]
      return NodeToSave(
        node: entry.node, serial: node.serial, parent: places[node.parent] ?? -1, tokens: node.tokens)
    }
  }

  /// The nodes that hold the first of `tokens`, as many as there are; of the last one perhaps only the first tokens.
  package func nodesToSave(of identity: Identity, along tokens: [Int32]) -> [NodeToSave] {
    var path: [NodeToSave] = []
    while true {
      let start = path.count * Self.blockLength
      let part = tokens[start..<min(start + Self.blockLength, tokens.count)]
      let parent = path.last?.node ?? -1
      guard let match = tree.longestMatch(of: parent, identity: identity, part) else { return path }
      path.append(
        NodeToSave(
          node: match.node, serial: tree[match.node].serial, parent: path.count - 1,
          tokens: Array(part.prefix(match.count))))
      guard match.count == Self.blockLength else { return path }
    }
  }

  /// A node's blocks; nil where it has been evicted since it was listed.
  package func blocks(of entry: NodeToSave) -> BlockNumbers? {
    isThere(entry.node, entry.serial) ? tree[entry.node].blocks : nil
  }

  private func isThere(_ node: Int, _ serial: UInt64) -> Bool {
    node < tree.nodes.count && !tree[node].isFree && tree[node].serial == serial
  }
}

// MARK: Restoring

/// A node that a file has, once it is in the tree.
package struct RestoredNode: Sendable, Equatable {
  let node: Int
  let serial: UInt64
  /// The blocks that are to be filled: those that were not there already.
  package let blocks: BlockNumbers
  /// Whether the tree had the tokens already.
  package let wasThere: Bool
}

extension BlockManager {
  /// The time from which on everything that is used counts as newer than what restoring may evict.
  package mutating func beginRestoring() -> UInt64 {
    clock += 1
    return clock
  }

  /// Takes a node into an identity's tree.
  ///
  /// Room is what is free, and what the same identity had cached and has not used since `start`, the oldest first. No running
  /// sequence and no other identity loses anything by it. What is there already counts as used now.
  ///
  /// - Parameters:
  ///   - parent: the parent as it was restored; nil for the beginning of a sequence.
  ///   - wanted: whether the file has the block of each group.
  /// - Returns: nil where there is no room, or where the parent has been evicted since.
  package mutating func restore(
    _ tokens: [Int32], groups wanted: [Bool], under parent: RestoredNode?, _ identity: Identity,
    since start: UInt64
  ) -> RestoredNode? {
    if let parent, !isThere(parent.node, parent.serial) { return nil }
    let above = parent?.node ?? -1
    clock += 1
    if let match = tree.longestMatch(of: above, identity: identity, tokens[...]), match.count == tokens.count
    {
      let isSame = tree[match.node].tokens.count == tokens.count
      touch(match.node)
      let missing = groups.indices.map { isSame && wanted[$0] && tree[match.node].blocks[$0] < 0 }
      let numbers = take(missing, identity, since: start) ?? .none
      fill(match.node, numbers)
      return RestoredNode(
        node: match.node, serial: tree[match.node].serial, blocks: numbers, wasThere: true)
    }
    guard let numbers = take(wanted, identity, since: start) else { return nil }
    let node = keep(tokens[...], numbers, under: above, identity)
    return RestoredNode(node: node, serial: tree[node].serial, blocks: numbers, wasThere: false)
  }

  /// Blocks of some groups, for a node; nil where there is no room.
  private mutating func take(
    _ wanted: [Bool], _ identity: Identity, since start: UInt64
  ) -> BlockNumbers? {
    let bytes = groups.indices.reduce(0) { $0 + (wanted[$1] ? groups[$1].byteCount : 0) }
    while usedBytes + bytes > byteLimit {
      guard let owner = tree.owner(of: identity), evict(from: owner, usedBy: start) else { return nil }
    }
    var numbers = BlockNumbers.none
    for group in groups.indices where wanted[group] {
      guard let block = allocate(group) else {
        for earlier in 0..<group where numbers[earlier] >= 0 { free(numbers[earlier], earlier) }
        return nil
      }
      numbers[group] = block
    }
    return numbers
  }

  /// A node has been used now.
  private mutating func touch(_ node: Int) {
    tree[node].lastUse = clock
    let owner = tree[node].owner
    if leaves.contains(node) {
      leaves.remove(node)
      leaves.insert(node, owner: owner, lastUse: clock)
    }
    if unseen.contains(node) {
      unseen.remove(node)
      unseen.insert(node, owner: owner, lastUse: clock)
    }
  }

  /// Gives a node blocks that it lacked.
  private mutating func fill(_ node: Int, _ numbers: BlockNumbers) {
    for group in groups.indices where numbers[group] >= 0 {
      tree[node].blocks[group] = numbers[group]
      if group == windowGroup { unseen.insert(node, owner: tree[node].owner, lastUse: clock) }
    }
  }
}
