/// How much of each block a draft model has computed: a pure value that counts, and touches no memory.
///
/// The draft model's blocks have the numbers of the model's, so that what is shared, copied or evicted is so for both. Of a
/// block the first few positions hold the draft model's keys and values of the tokens that the model last wrote there.
/// What the model writes anew, the draft model no longer has. Whoever takes a block first writes its first position, or
/// makes it a copy, so that nothing is known of it from before.
package struct DraftProgress {
  /// By block: positions that are computed; blocks behind the end have none.
  private var counts: [UInt8] = []

  package init() {}

  private static var length: Int { BlockManager.blockLength }

  private subscript(block: Int32) -> Int {
    get { counts.indices.contains(Int(block)) ? Int(counts[Int(block)]) : 0 }
    set {
      guard block >= 0 else { return }
      if counts.count <= Int(block) {
        guard newValue > 0 else { return }
        counts.append(contentsOf: repeatElement(0, count: Int(block) + 1 - counts.count))
      }
      counts[Int(block)] = UInt8(min(max(newValue, 0), Self.length))
    }
  }

  /// How many of the first `end` positions of a sequence are computed without a gap.
  ///
  /// - Parameter blocks: the sequence's, of which the numbers of `group` are meant.
  package func computedCount(of end: Int, _ blocks: [BlockNumbers], group: Int) -> Int {
    var count = 0
    while count < end, count / Self.length < blocks.count {
      let found = self[blocks[count / Self.length][group]]
      count += found
      if found < Self.length { break }
    }
    return min(count, end)
  }

  /// The model writes positions of a sequence.
  package mutating func noteWritten(_ positions: Range<Int>, _ blocks: [BlockNumbers], group: Int) {
    for index in Self.indices(positions, blocks) {
      let number = blocks[index][group]
      self[number] = min(self[number], max(positions.lowerBound - index * Self.length, 0))
    }
  }

  /// The draft model has computed positions of a sequence, before which it lacked nothing, for tokens that are the
  /// sequence's.
  package mutating func noteComputed(_ positions: Range<Int>, _ blocks: [BlockNumbers], group: Int) {
    for index in Self.indices(positions, blocks) {
      let number = blocks[index][group]
      self[number] = max(self[number], min(positions.upperBound - index * Self.length, Self.length))
    }
  }

  /// Whether anything of a block is computed.
  package func holds(_ block: Int32) -> Bool { self[block] > 0 }

  /// Blocks in which some positions lie.
  private static func indices(_ positions: Range<Int>, _ blocks: [BlockNumbers]) -> Range<Int> {
    guard !positions.isEmpty else { return 0..<0 }
    let end = min((positions.upperBound - 1) / length + 1, blocks.count)
    return min(positions.lowerBound / length, end)..<end
  }

  /// A block has become a copy of another.
  package mutating func copy(_ source: Int32, to target: Int32) { self[target] = self[source] }

  /// A block's memory was given back.
  package mutating func forget(_ block: Int32) { self[block] = 0 }
}

/// How many rows each of some sequences gets in the draft model's first pass of a step.
package enum DraftShares {
  /// So few rows are computed at once: the tokens that the last pass gave.
  package static let shortCount = 16

  /// - Parameters:
  ///   - behind: rows by which the draft model is behind each sequence.
  ///   - budget: rows of those that are far behind, together.
  ///   - limit: rows of a pass.
  package static func rows(behind: [Int], budget: Int, limit: Int) -> [Int] {
    var shares = Array(repeating: 0, count: behind.count)
    var left = limit
    for (index, count) in behind.enumerated() where count <= min(shortCount, left) {
      shares[index] = count
      left -= count
    }
    var rest = min(budget, left)
    for (index, count) in behind.enumerated() where shares[index] == 0 && count > shortCount {
      shares[index] = min(count, rest)
      rest -= shares[index]
    }
    return shares
  }
}
