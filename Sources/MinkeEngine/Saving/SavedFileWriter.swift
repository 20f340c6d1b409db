internal import MinkeCheckpoints
internal import MinkeTensors

/// Writes a saved file from front to back; it appears under its name when it is complete, readable by this user alone.
struct SavedFileWriter {
  private let path: String
  private let output: OutputFile
  private let fingerprint: CacheFingerprint
  private let conversation: [UInt8]
  private var index: SavedIndex
  private var blocksLength = 0

  init(
    path: String, _ fingerprint: CacheFingerprint, conversation: [UInt8], blockBytes: [Int]
  ) throws {
    guard conversation.count <= SavedFileLayout.conversationLimit else {
      throw SavedFileError(
        .unsupported, path, found: "a conversation of \(conversation.count) bytes",
        expected: "at most \(SavedFileLayout.conversationLimit)")
    }
    self.path = path
    output = try OutputFile(path: path, isPrivate: true)
    self.fingerprint = fingerprint
    self.conversation = conversation
    index = SavedIndex(blockBytes: blockBytes)
    try output.write(SavedFileLayout.head.span)
  }

  /// Adds a node behind its parent.
  ///
  /// - Parameters:
  ///   - parent: the number of an earlier node, or −1.
  ///   - blocks: of the groups that it has, one after the other.
  /// - Returns: its own number.
  mutating func add(
    parent: Int, tokens: [Int32], groups: UInt32, blocks: Span<UInt8>
  ) throws -> Int {
    let checksum = unsafe blocks.withUnsafeBytes { unsafe MemoryChecksum.sum(of: $0) }
    let node = SavedNode(parent: parent, tokens: tokens, groups: groups, checksum: checksum)
    guard index.nodes.count < SavedFileLayout.nodeLimit else {
      throw SavedFileError(
        .unsupported, path, found: "more than \(index.nodes.count) nodes of the cache",
        expected: "at most \(SavedFileLayout.nodeLimit)")
    }
    try output.write(blocks)
    blocksLength += blocks.count
    index.nodes.append(node)
    return index.nodes.count - 1
  }

  /// Makes the file appear.
  mutating func finish() throws {
    let (fingerprint, index) = (fingerprint.bytes, index.bytes)
    let sizes = SavedFileLayout.Sizes(
      blocks: blocksLength, conversation: conversation.count, fingerprint: fingerprint.count,
      index: index.count)
    let tail = conversation + fingerprint + index
    try output.write(tail.span)
    let checksum = SavedFileLayout.checksum(tail: tail, sizes)
    try output.write(SavedFileLayout.Trailer(sizes, checksum: checksum).bytes.span)
    try output.commit()
  }
}
