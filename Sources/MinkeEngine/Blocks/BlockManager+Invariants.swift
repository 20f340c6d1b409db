extension BlockManager {
  /// What does not hold of the manager and the tables of all running sequences; empty where everything does. For tests,
  /// which ask after every step.
  package func violations(_ tables: [BlockTable]) -> [String] {
    var found = ownership(tables)
    found += pins(tables)
    found += bytes(tables)
    for owner in tree.activeOwners {
      if leaves.count(of: owner) > tree.nodeCount { found.append("more leaves than nodes of owner \(owner)") }
    }
    return found
  }

  /// Every block that is in use is held by one node or by one table alone.
  private func ownership(_ tables: [BlockTable]) -> [String] {
    var found: [String] = []
    for group in groups.indices {
      var holders: [Int32: String] = [:]
      func hold(_ block: Int32, _ holder: String) {
        guard block >= 0 else { return }
        if let other = holders[block] {
          found.append("block \(block) of group \(group): \(other) and \(holder)")
        }
        if !isAllocated(block, group) { found.append("\(holder) holds block \(block), which is free") }
        holders[block] = holder
      }
      for (index, node) in tree.nodes.enumerated() where !node.isFree {
        hold(node.blocks[group], "node \(index)")
      }
      for (number, table) in tables.enumerated() {
        for index in table.nodes.count..<max(table.blocks.count, table.nodes.count) {
          hold(table.blocks[index][group], "table \(number)")
        }
        for (index, node) in table.nodes.enumerated() {
          let isHeld = index >= table.firstHeld[group]
          let expected = isHeld ? tree.nodes[node].blocks[group] : -1
          if group == windowGroup || isHeld, table.blocks[index][group] != expected {
            found.append("table \(number), block \(index) of group \(group): not its node's")
          }
          if isHeld, expected < 0 { found.append("node \(node) has lost a block that table \(number) sees") }
        }
      }
      if holders.count != pools[group].usedCount {
        found.append("group \(group): \(pools[group].usedCount) blocks in use, \(holders.count) held")
      }
    }
    return found
  }

  private func pins(_ tables: [BlockTable]) -> [String] {
    var found: [String] = []
    var pins: [Int: Int] = [:]
    var windows: [Int: Int] = [:]
    for table in tables {
      for (index, node) in table.nodes.enumerated() {
        pins[node, default: 0] += 1
        if let group = windowGroup, index >= table.firstHeld[group] { windows[node, default: 0] += 1 }
      }
    }
    for (index, node) in tree.nodes.enumerated() where !node.isFree {
      if node.pins != pins[index] ?? 0 {
        found.append("node \(index): \(node.pins) pins, \(pins[index] ?? 0) tables")
      }
      if node.windowPins != windows[index] ?? 0 { found.append("node \(index): wrong pins of its window") }
      if leaves.contains(index) != (node.pins == 0 && node.childCount == 0) {
        found.append("node \(index): whether it is a free leaf")
      }
      if let group = windowGroup, unseen.contains(index) != (node.windowPins == 0 && node.blocks[group] >= 0)
      {
        found.append("node \(index): whether its window can be evicted")
      }
      if node.tokens.isEmpty || node.tokens.count > Self.blockLength
        || (node.childCount > 0 && node.tokens.count < Self.blockLength)
      {
        found.append("node \(index): \(node.tokens.count) tokens, \(node.childCount) children")
      }
    }
    return found
  }

  private func bytes(_ tables: [BlockTable]) -> [String] {
    var found: [String] = []
    let used = pools.reduce(0) { $0 + $1.usedCount * $1.byteCount }
    if used != usedBytes { found.append("\(usedBytes) bytes in use, counted \(used)") }
    if used > byteLimit { found.append("\(used) bytes in use of \(byteLimit)") }
    var pinned = 0
    for group in groups.indices {
      var held: Set<Int32> = []
      for table in tables {
        for index in min(table.firstHeld[group], table.blocks.count)..<table.blocks.count {
          held.insert(table.blocks[index][group])
        }
      }
      pinned += held.count * groups[group].byteCount
    }
    if pinned != pinnedBytes { found.append("\(pinnedBytes) bytes pinned, counted \(pinned)") }
    let resident = pools.reduce(0) { $0 + $1.residentCount * $1.byteCount }
    if resident > byteLimit { found.append("\(resident) bytes resident of \(byteLimit)") }
    return found
  }
}
