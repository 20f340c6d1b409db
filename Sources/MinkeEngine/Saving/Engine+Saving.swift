internal import MinkeModels
internal import MinkeTensors

/// What was saved of a cache.
package struct SavedCounts: Sendable, Equatable {
  package var tokens = 0
  /// Bytes of keys and values.
  package var bytes = 0

  package init(tokens: Int = 0, bytes: Int = 0) { (self.tokens, self.bytes) = (tokens, bytes) }
}

/// What became of a saved cache.
package struct RestoredCounts: Sendable, Equatable {
  package var tokens = 0
  /// Bytes of keys and values.
  package var bytes = 0
  /// Tokens that the cache had already.
  package var presentTokens = 0
  /// Tokens for which there was no room.
  package var leftOutTokens = 0

  package init(tokens: Int = 0, bytes: Int = 0, presentTokens: Int = 0) {
    (self.tokens, self.bytes, self.presentTokens) = (tokens, bytes, presentTokens)
  }
}

/// What goes to a file of a cache.
package enum SavedPart: Sendable {
  /// All that an identity has.
  case everything
  /// What the cache has of the first of these tokens.
  case path([Int32])
  case nothing
}

extension Engine {
  /// Bytes of blocks that are moved between two steps; at least one node's.
  private static let jobBytes = 16 << 20

  private func checkKeepsBlocks(_ path: String) throws(SavedFileError) {
    guard !loop.sharesBlocks else { return }
    throw SavedFileError(
      .unsupported, path, found: "a model whose sequences have a state beside their keys and values",
      expected: "one with keys and values alone, which can be saved in blocks")
  }

  private var pool: KVPool { loop.runner.pool }

  /// Who holds the memory of the cache now.
  package var cacheUsage: CacheUsage { perform { loop.blocks.usage } }

  /// What tells blocks of this engine from those of others.
  ///
  /// - Parameter checkpoint: the digest of its model's checkpoint.
  package func fingerprint(checkpoint: String) -> CacheFingerprint {
    CacheFingerprint(checkpoint: checkpoint, shape: pool.shape)
  }

  /// Saves what an identity has in the cache, and a text that goes with it.
  ///
  /// Sequences run on meanwhile: blocks are copied between steps, some megabytes at a time, and what is evicted before its turn
  /// is left out. Of blocks that are not full the rest is written as zeros.
  ///
  /// - Throws: ``SavedFileError``, or `CheckpointError` when the file cannot be written.
  package func save(
    _ part: SavedPart, of identity: Identity, conversation: [UInt8] = [], fingerprint: CacheFingerprint,
    to path: String
  ) throws -> SavedCounts {
    let entries = try nodes(part, of: identity, path)
    var writer = try SavedFileWriter(
      path: path, fingerprint, conversation: conversation,
      blockBytes: pool.shape.groups.indices.map(pool.blockByteCount))
    var counts = SavedCounts()
    // The numbers that nodes have in the file; −1 where one is gone.
    var numbers = [Int](repeating: -1, count: entries.count)
    var next = 0
    var bytes: [UInt8] = []
    while next < entries.count {
      let copies = perform { copyBlocks(of: entries, from: next, to: &bytes) }
      for (index, copy) in zip(next..., copies) {
        guard let copy else { continue }
        let entry = entries[index]
        let parent = entry.parent < 0 ? -1 : numbers[entry.parent]
        guard parent >= 0 || entry.parent < 0 else { continue }
        eraseEnd(of: &bytes, copy, from: entry.tokens.count)
        numbers[index] = try writer.add(
          parent: parent, tokens: entry.tokens, groups: copy.groups, blocks: bytes[copy.range].span)
        counts.tokens += entry.tokens.count
        counts.bytes += copy.range.count
      }
      next += copies.count
    }
    try writer.finish()
    return counts
  }

  private func nodes(_ part: SavedPart, of identity: Identity, _ path: String) throws -> [NodeToSave] {
    if case .nothing = part { return [] }
    try checkKeepsBlocks(path)
    return perform {
      if case .path(let tokens) = part { return loop.blocks.nodesToSave(of: identity, along: tokens) }
      return loop.blocks.nodesToSave(of: identity)
    }
  }

  /// A node's blocks in a buffer.
  private struct BlockCopy {
    var groups: UInt32
    var range: Range<Int>
  }

  /// Copies blocks of one node after the other, until they are enough for one job; nil for a node that is gone. For jobs.
  private func copyBlocks(
    of entries: [NodeToSave], from start: Int, to bytes: inout [UInt8]
  ) -> [BlockCopy?] {
    bytes.removeAll(keepingCapacity: true)
    var copies: [BlockCopy?] = []
    for entry in entries[start...] {
      if !bytes.isEmpty, bytes.count + loop.blocks.blockByteCount > Self.jobBytes { break }
      guard let numbers = loop.blocks.blocks(of: entry) else {
        copies.append(nil)
        continue
      }
      var copy = BlockCopy(groups: 0, range: bytes.count..<bytes.count)
      for group in pool.shape.groups.indices where numbers[group] >= 0 {
        unsafe bytes.append(contentsOf: pool.bytes(of: numbers[group], group: group))
        copy.groups |= 1 << UInt32(group)
      }
      copy.range = copy.range.lowerBound..<bytes.count
      copies.append(copy)
    }
    return copies
  }

  private func eraseEnd(of bytes: inout [UInt8], _ copy: BlockCopy, from position: Int) {
    guard position < BlockManager.blockLength else { return }
    unsafe bytes.withUnsafeMutableBytes { buffer in
      var start = copy.range.lowerBound
      for group in pool.shape.groups.indices where copy.groups & 1 << UInt32(group) != 0 {
        let end = start + pool.blockByteCount(group)
        unsafe pool.eraseEnd(
          of: UnsafeMutableRawBufferPointer(rebasing: buffer[start..<end]), from: position, group: group)
        start = end
      }
    }
  }
}

// MARK: Restoring

extension Engine {
  /// Checks that a file's blocks are of use to this engine.
  package func check(_ file: SavedFile, fingerprint: CacheFingerprint) throws(SavedFileError) {
    if let difference = fingerprint.difference(to: file.fingerprint) {
      throw SavedFileError(
        .mismatch, file.path, found: difference.found, expected: difference.expected,
        remedy: "load the model, and the types of its cache, that it was saved with")
    }
    let shape = pool.shape
    let vocabulary = Int32(clamping: transformer.configuration.vocabularySize)
    let needed = shape.groups.indices.filter { shape.groups[$0].window == nil }
    var fault: (found: String, expected: String)?
    if file.index.blockBytes != shape.groups.indices.map(pool.blockByteCount) {
      fault = ("blocks of \(file.index.blockBytes) bytes", "\(shape.groups.indices.map(pool.blockByteCount))")
    }
    for (number, node) in file.nodes.enumerated() where fault == nil {
      if let token = node.tokens.first(where: { $0 >= vocabulary }) {
        fault = ("token \(token) in node \(number)", "0 to \(vocabulary - 1)")
      } else if !needed.allSatisfy(node.has) {
        fault = ("node \(number) without its block", "blocks of all layers that see everything")
      }
    }
    if let fault {
      throw SavedFileError(
        .damaged, file.path, found: fault.found, expected: fault.expected,
        remedy: "save it again, or remove it")
    }
  }

  /// Puts saved blocks into an identity's tree, as far as there is room: see ``BlockManager/restore(_:groups:under:_:since:)``.
  ///
  /// - Throws: ``SavedFileError`` for a file of another model, or that has changed since it was opened: what came before is
  ///   then in the cache, each node as it was saved.
  package func restore(
    _ file: SavedFile, fingerprint: CacheFingerprint, into identity: Identity
  ) throws(SavedFileError) -> RestoredCounts {
    try checkKeepsBlocks(file.path)
    try check(file, fingerprint: fingerprint)
    try file.checkBlocks()
    let start = perform { loop.blocks.beginRestoring() }
    var counts = RestoredCounts()
    var restored = [RestoredNode?](repeating: nil, count: file.nodes.count)
    var bytes: [UInt8] = []
    var isFull = false
    for (number, node) in file.nodes.enumerated() {
      guard !isFull, node.parent < 0 || restored[node.parent] != nil else {
        counts.leftOutTokens += node.tokens.count
        continue
      }
      try file.readBlocks(of: number, to: &bytes)
      let parent = node.parent < 0 ? nil : restored[node.parent]
      guard let result = perform({ restore(node, under: parent, bytes, identity, since: start) }) else {
        isFull = true
        counts.leftOutTokens += node.tokens.count
        continue
      }
      restored[number] = result
      if result.wasThere {
        counts.presentTokens += node.tokens.count
      } else {
        counts.tokens += node.tokens.count
      }
      for group in pool.shape.groups.indices where result.blocks[group] >= 0 {
        counts.bytes += pool.blockByteCount(group)
      }
    }
    return counts
  }

  /// Puts one node's blocks where the block manager says. For jobs.
  private func restore(
    _ node: SavedNode, under parent: RestoredNode?, _ bytes: [UInt8], _ identity: Identity,
    since start: UInt64
  ) -> RestoredNode? {
    let groups = pool.shape.groups.indices
    let result = loop.blocks.restore(
      node.tokens, groups: groups.map(node.has), under: parent, identity, since: start)
    loop.releaseMemory()
    guard let result else { return nil }
    unsafe bytes.withUnsafeBytes { bytes in
      var start = 0
      for group in groups where node.has(group) {
        let end = start + pool.blockByteCount(group)
        if result.blocks[group] >= 0 {
          unsafe pool.bytes(of: result.blocks[group], group: group).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
          loop.draft?.forget(BlockPlace(group: group, block: result.blocks[group]))
        }
        start = end
      }
    }
    return result
  }
}
