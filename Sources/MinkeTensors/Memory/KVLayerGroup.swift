/// Layers whose keys and values of the same positions lie in the same blocks, because they see the same positions.
package struct KVLayerGroup: Sendable, Hashable {
  package var layerCount: Int
  /// Positions that a row of these layers sees, its own included; nil: all.
  package var window: Int?

  package init(layerCount: Int, window: Int? = nil) {
    self.layerCount = layerCount
    self.window = window
  }

  /// The blocks that a pass of `rowCount` rows reads or writes whose first is at `position`.
  package func blocks(position: Int, rowCount: Int) -> Range<Int> {
    let length = KVCacheShape.blockLength
    let first = window.map { max(0, position + 1 - $0) } ?? 0
    return first / length..<(position + rowCount + length - 1) / length
  }

  /// The most blocks that a sequence of up to `positions` positions needs at a time, where blocks behind the window are
  /// given up between passes of at most `rows` rows.
  package func blockCount(positions: Int, keepingWindow rows: Int) -> Int {
    let all = KVCacheShape.blockCount(positions)
    guard let window else { return all }
    // The first position seen may be the last of its block.
    let (seen, overflow) = (window - 1).addingReportingOverflow(max(rows, 1))
    return overflow ? all : min(all, KVCacheShape.blockCount(seen - 1) + 1)
  }
}

/// Where the keys and values of a layer lie.
package struct KVLayerPlace: Sendable, Hashable {
  /// Which of the shape's groups.
  package var group: Int
  /// Which layer of the group.
  package var layer: Int

  package init(group: Int = 0, layer: Int) {
    self.group = group
    self.layer = layer
  }
}
