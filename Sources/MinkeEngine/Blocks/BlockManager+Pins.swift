// How often nodes are pinned, what that makes of their bytes, and what is evicted.

extension BlockManager {
  /// A sequence begins with the nodes of a path.
  mutating func pin(_ table: inout BlockTable, _ path: ArraySlice<Int>) {
    clock += 1
    let count = path.count * Self.blockLength
    for group in groups.indices {
      table.firstHeld[group] = min(groups[group].firstBlock(seenFrom: count), path.count)
    }
    for (index, node) in path.enumerated() {
      var numbers = tree[node].blocks
      for group in groups.indices {
        let isSeen = index >= table.firstHeld[group]
        if group == windowGroup {
          if isSeen { pinWindow(node) } else { numbers[group] = -1 }
        } else if tree[node].pins == 0 {
          pinnedBytes += groups[group].byteCount
        }
      }
      leaves.remove(node)
      tree[node].pins += 1
      tree[node].lastUse = clock
      table.nodes.append(node)
      table.blocks.append(numbers)
    }
    table.changedFrom = 0
  }

  /// A sequence lets go of all its nodes.
  mutating func unpin(_ table: inout BlockTable) {
    clock += 1
    // The last ones first, so that what is nearer to the root counts as used later.
    for index in table.nodes.indices.reversed() {
      let node = table.nodes[index]
      if let group = windowGroup, index >= table.firstHeld[group] { unpinWindow(node) }
      tree[node].pins -= 1
      tree[node].lastUse = clock
      guard tree[node].pins == 0 else { continue }
      for group in groups.indices where group != windowGroup { pinnedBytes -= groups[group].byteCount }
      if tree[node].childCount == 0 { leaves.insert(node, owner: tree[node].owner, lastUse: clock) }
    }
    table.nodes = []
    table.blocks = []
    table.firstHeld = .zero
    table.changedFrom = 0
  }

  private mutating func pinWindow(_ node: Int) {
    guard let group = windowGroup else { return }
    if tree[node].windowPins == 0 {
      pinnedBytes += groups[group].byteCount
      unseen.remove(node)
    }
    tree[node].windowPins += 1
  }

  mutating func unpinWindow(_ node: Int) {
    guard let group = windowGroup else { return }
    tree[node].windowPins -= 1
    guard tree[node].windowPins == 0 else { return }
    pinnedBytes -= groups[group].byteCount
    unseen.insert(node, owner: tree[node].owner, lastUse: clock)
  }

  /// Takes what was used longest ago from the identity that has most cached. False where nothing can be evicted.
  mutating func evict() -> Bool {
    var victim = -1
    var most = 0
    for owner in tree.activeOwners {
      let count = leaves.count(of: owner) + unseen.count(of: owner)
      // The lower number among equals, so that dictionaries' order decides nothing.
      if count > most || (count == most && count > 0 && owner < victim) { (victim, most) = (owner, count) }
    }
    guard victim >= 0 else { return false }
    account.evictions += 1
    switch (leaves.first(of: victim), unseen.first(of: victim)) {
    case (let leaf?, let block?) where leaf.lastUse <= block.lastUse: discard(leaf.node)
    case (_, let block?): evictWindow(block.node)
    case (let leaf?, nil): discard(leaf.node)
    case (nil, nil): return false
    }
    return true
  }

  /// Evicts all that no sequence runs through; the memory of free blocks is to be given back.
  package mutating func dropCached() {
    while evict() {}
    for group in groups.indices {
      while let block = pools[group].cool() { releases.append(BlockPlace(group: group, block: block)) }
    }
  }

  private mutating func evictWindow(_ node: Int) {
    guard let group = windowGroup else { return }
    unseen.remove(node)
    free(tree[node].blocks[group], group)
    tree[node].blocks[group] = -1
    // Where all layers have a window nothing is left of a leaf.
    if tree[node].blocks == .none, tree[node].childCount == 0, tree[node].pins == 0 { discard(node) }
  }

  /// Removes a leaf that no sequence runs through.
  mutating func discard(_ node: Int) {
    leaves.remove(node)
    unseen.remove(node)
    let found = tree[node]
    for group in groups.indices where found.blocks[group] >= 0 { free(found.blocks[group], group) }
    tree.remove(node)
    let parent = found.parent
    guard parent >= 0, tree[parent].childCount == 0, tree[parent].pins == 0 else { return }
    tree[parent].lastUse = max(tree[parent].lastUse, found.lastUse)
    leaves.insert(parent, owner: found.owner, lastUse: tree[parent].lastUse)
  }
}
