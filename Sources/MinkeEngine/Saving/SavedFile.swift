internal import MinkeTensors

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// A saved file, open and checked, to the last byte before its blocks are used.
///
/// It is read in pieces, not mapped: a file that somebody shortens meanwhile is an error, and bytes that change after they
/// were checked are found out when they are read again.
package final class SavedFile {
  package let path: String
  package let fingerprint: CacheFingerprint
  package let conversation: [UInt8]
  let index: SavedIndex
  private let descriptor: Int32

  /// Bytes that are read at a time while checking.
  private static let pieceLength = MemoryChecksum.chunkLength

  package var nodes: [SavedNode] { index.nodes }

  /// Opens a file and checks all of it but its blocks, which may be of no use: sizes, checksums, the order of nodes.
  package static func opened(path: String) throws(SavedFileError) -> SavedFile {
    let (descriptor, size) = try descriptor(of: path)
    do throws(SavedFileError) {
      return try SavedFile(path: path, descriptor, size)
    } catch {
      _ = close(descriptor)
      throw error
    }
  }

  /// Reads all but the blocks. The descriptor is the object's if nothing is thrown.
  private init(path: String, _ descriptor: Int32, _ size: Int) throws(SavedFileError) {
    let head = try Self.read(
      0..<min(size, SavedFileLayout.headLength), of: descriptor, path)
    guard head.starts(with: SavedFileLayout.magic) else {
      throw SavedFileError(
        .foreign, path, found: "a file of another kind", expected: "a saved conversation or cache")
    }
    var cursor = SavedCursor(head.dropFirst(SavedFileLayout.magic.count))
    guard let version = cursor.number(UInt32.self), version == SavedFileLayout.version else {
      throw SavedFileError(
        .foreign, path, found: "another version of the format",
        expected: "version \(SavedFileLayout.version)",
        remedy: "read it with the version of this program that wrote it")
    }
    let trailerLength = SavedFileLayout.Trailer.length
    guard size >= SavedFileLayout.headLength + trailerLength,
      let trailer = SavedFileLayout.Trailer(
        try Self.read(size - trailerLength..<size, of: descriptor, path)),
      let tailLength = trailer.sizes.tailLength(fileSize: size)
    else { throw Self.damaged(path, "sizes that are not the file's", "a whole file") }
    let tail = try Self.read(size - tailLength..<size - trailerLength, of: descriptor, path)
    let sizes = trailer.sizes
    guard head == SavedFileLayout.head, SavedFileLayout.checksum(tail: tail, sizes) == trailer.checksum else {
      throw Self.damaged(path, "a wrong checksum", "the bytes that were written")
    }
    conversation = Array(tail.prefix(sizes.conversation))
    guard let fingerprint = CacheFingerprint(tail.dropFirst(sizes.conversation).prefix(sizes.fingerprint))
    else { throw Self.damaged(path, "a fingerprint that is no text", "UTF-8") }
    do throws(SavedIndex.Fault) {
      index = try SavedIndex(tail.suffix(sizes.index), blocksLength: sizes.blocks)
    } catch {
      throw Self.damaged(path, error.found, error.expected)
    }
    self.fingerprint = fingerprint
    self.path = path
    self.descriptor = descriptor
  }

  deinit { _ = close(descriptor) }

  private static func damaged(_ path: String, _ found: String, _ expected: String) -> SavedFileError {
    SavedFileError(
      .damaged, path, found: found, expected: expected,
      remedy: "the file is damaged: save it again, or remove it")
  }
}

// MARK: Blocks

extension SavedFile {
  /// Compares the checksums of all blocks.
  package func checkBlocks() throws(SavedFileError) {
    var buffer: [UInt8] = []
    for (number, node) in nodes.enumerated() {
      // Was checked when the index was read.
      let length = index.byteCount(of: node) ?? 0
      var checksum = MemoryChecksum()
      for (chunk, start) in stride(from: 0, to: length, by: Self.pieceLength).enumerated() {
        try read(min(Self.pieceLength, length - start), at: node.offset + start, to: &buffer)
        unsafe buffer.withUnsafeBytes { unsafe checksum.add(chunk, $0) }
      }
      try check(checksum.value, number)
    }
  }

  /// Reads the blocks of a node to `buffer`, in place of what it held, and compares their checksum once more.
  func readBlocks(of number: Int, to buffer: inout [UInt8]) throws(SavedFileError) {
    let node = nodes[number]
    try read(index.byteCount(of: node) ?? 0, at: node.offset, to: &buffer)
    try check(unsafe buffer.withUnsafeBytes { unsafe MemoryChecksum.sum(of: $0) }, number)
  }

  private func check(_ checksum: UInt64, _ number: Int) throws(SavedFileError) {
    guard checksum == nodes[number].checksum else {
      throw Self.damaged(path, "a wrong checksum of node \(number)", "the bytes that were written")
    }
  }

  private func read(_ count: Int, at offset: Int, to buffer: inout [UInt8]) throws(SavedFileError) {
    if buffer.count != count { buffer = [UInt8](repeating: 0, count: count) }
    try Self.read(&buffer, at: SavedFileLayout.headLength + offset, of: descriptor, path)
  }
}

// MARK: The system

extension SavedFile {
  private static func failure(_ path: String, _ action: String) -> SavedFileError {
    SavedFileError(
      .unreadable, path, found: "\"\(unsafe String(cString: strerror(errno)))\" when \(action)",
      expected: "a file that can be read", remedy: "check the path and its permissions")
  }

  private static func descriptor(of path: String) throws(SavedFileError) -> (descriptor: Int32, size: Int) {
    guard !path.utf8.contains(0) else {
      throw SavedFileError(.unreadable, path, found: "a path with a zero byte", expected: "a file path")
    }
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure(path, "opening it") }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      _ = close(descriptor)
      throw SavedFileError(
        .foreign, path, found: "something that is not a plain file", expected: "a saved conversation or cache"
      )
    }
    return (descriptor, Int(status.st_size))
  }

  private static func read(
    _ range: Range<Int>, of descriptor: Int32, _ path: String
  ) throws(SavedFileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    try read(&bytes, at: range.lowerBound, of: descriptor, path)
    return bytes
  }

  /// Fills `bytes`.
  private static func read(
    _ bytes: inout [UInt8], at offset: Int, of descriptor: Int32, _ path: String
  ) throws(SavedFileError) {
    var done = 0
    while done < bytes.count {
      let rest = bytes.count - done
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe pread(descriptor, buffer.baseAddress.map { unsafe $0 + done }, rest, off_t(offset + done))
      }
      if count > 0 {
        done += count
      } else if count == 0 {
        throw damaged(path, "its end at byte \(offset + done)", "\(rest) bytes more")
      } else if errno != EINTR {
        throw failure(path, "reading it")
      }
    }
  }
}
