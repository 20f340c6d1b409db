/// A node of a prefix tree as a file has it:
///
///     parent (i32): the number of an earlier node, or −1; number of tokens (u32); groups that have their block, a bit each
///     (u32); checksum of the blocks (u64); tokens (i32 each)
package struct SavedNode: Sendable, Equatable {
  package var parent: Int
  package var tokens: [Int32]
  /// Bit by bit, the groups of layers whose block is there.
  package var groups: UInt32
  var checksum: UInt64
  /// Where its blocks begin, from the first one's first byte; not written.
  var offset = 0

  static let smallestLength = 24
  static let largestLength = 20 + 4 * BlockManager.blockLength

  var bytes: [UInt8] {
    SavedFileLayout.littleEndian(Int32(parent)) + SavedFileLayout.littleEndian(UInt32(tokens.count))
      + SavedFileLayout.littleEndian(groups) + SavedFileLayout.littleEndian(checksum)
      + tokens.flatMap(SavedFileLayout.littleEndian)
  }

  func has(_ group: Int) -> Bool { groups & 1 << UInt32(group) != 0 }
}

/// All nodes of a file, and how long the blocks of each group are.
struct SavedIndex: Equatable {
  var blockBytes: [Int]
  var nodes: [SavedNode] = []

  init(blockBytes: [Int]) { self.blockBytes = blockBytes }

  var bytes: [UInt8] {
    var bytes = SavedFileLayout.littleEndian(UInt32(blockBytes.count))
    for count in blockBytes { bytes += SavedFileLayout.littleEndian(UInt64(count)) }
    bytes += SavedFileLayout.littleEndian(UInt32(nodes.count))
    for node in nodes { bytes += node.bytes }
    return bytes
  }

  /// Bytes of a node's blocks; nil where they overflow.
  func byteCount(of node: SavedNode) -> Int? {
    var total = 0
    for group in blockBytes.indices where node.has(group) {
      let (sum, overflow) = total.addingReportingOverflow(blockBytes[group])
      if overflow { return nil }
      total = sum
    }
    return total
  }

  /// Reads an index whose nodes have `blocksLength` bytes of blocks.
  ///
  /// - Throws: ``Fault`` for the first thing that is not as it has to be.
  init(_ bytes: ArraySlice<UInt8>, blocksLength: Int) throws(Fault) {
    var cursor = SavedCursor(bytes)
    guard let groups = cursor.number(UInt32.self), (1...2).contains(groups) else {
      throw Fault(found: "another number of groups", expected: "1 or 2")
    }
    blockBytes = []
    for _ in 0..<groups {
      guard let count = cursor.size(), count > 0, count <= Int.max / 4 else {
        throw Fault(found: "a block without a size", expected: "its bytes")
      }
      blockBytes.append(count)
    }
    guard let count = cursor.number(UInt32.self), count <= SavedFileLayout.nodeLimit,
      Int(count) <= cursor.rest.count / SavedNode.smallestLength
    else { throw Fault(found: "more nodes than fit", expected: "as many as the index has bytes for") }
    nodes.reserveCapacity(Int(count))
    var offset = 0
    for _ in 0..<count {
      var node = try readNode(&cursor)
      node.offset = offset
      guard let length = byteCount(of: node), length <= blocksLength - offset else {
        throw Fault(found: "blocks beyond the last", expected: "\(blocksLength) bytes of blocks")
      }
      offset += length
      nodes.append(node)
    }
    guard offset == blocksLength, cursor.rest.isEmpty else {
      throw Fault(found: "bytes that no node has", expected: "\(offset) bytes of blocks")
    }
  }

  private func readNode(_ cursor: inout SavedCursor) throws(Fault) -> SavedNode {
    guard let parent = cursor.number(Int32.self), let tokenCount = cursor.number(UInt32.self),
      let groups = cursor.number(UInt32.self), let checksum = cursor.number(UInt64.self)
    else { throw Fault(found: "the end of the index", expected: "node \(nodes.count)") }
    guard parent >= -1, parent < nodes.count else {
      throw Fault(found: "parent \(parent) of node \(nodes.count)", expected: "an earlier node, or -1")
    }
    let length = BlockManager.blockLength
    if parent >= 0, nodes[Int(parent)].tokens.count != length {
      throw Fault(
        found: "\(nodes[Int(parent)].tokens.count) tokens in node \(parent), which has children",
        expected: "\(length)")
    }
    guard (1...UInt32(length)).contains(tokenCount), groups >> UInt32(blockBytes.count) == 0 else {
      throw Fault(
        found: "\(tokenCount) tokens and groups \(groups) in node \(nodes.count)",
        expected: "1 to \(length) tokens and \(blockBytes.count) groups")
    }
    var tokens: [Int32] = []
    tokens.reserveCapacity(Int(tokenCount))
    for _ in 0..<tokenCount {
      guard let token = cursor.number(Int32.self), token >= 0 else {
        throw Fault(found: "a token that is none in node \(nodes.count)", expected: "ids from 0")
      }
      tokens.append(token)
    }
    return SavedNode(parent: Int(parent), tokens: tokens, groups: groups, checksum: checksum)
  }

  /// What is wrong with an index.
  struct Fault: Error, Equatable {
    var found: String
    var expected: String
  }
}
