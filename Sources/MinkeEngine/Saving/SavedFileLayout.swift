internal import MinkeTensors

/// A file of saved keys and values, perhaps of a conversation too. Numbers are little-endian.
///
///     head         "MINKESAV", version (u32), 0 (u32)
///     blocks       the bytes of node after node: of each node its blocks, group after group
///     conversation text that the engine does not read; empty for keys and values alone
///     fingerprint  lines of text: whose these bytes are (``CacheFingerprint``)
///     index        number of groups (u32), bytes of a block of each (u64), number of nodes (u32), the nodes (``SavedNode``)
///     trailer      bytes of blocks, conversation, fingerprint and index (u64 each), checksum (u64), "MINKESAV"
///
/// The trailer's checksum is over all but the blocks, with zeros in its own place; each node's is over its blocks. So every
/// byte is covered, and sizes must add up to the file's. All is written from front to back: while blocks are written the
/// engine goes on, and which of them were still there in the end is in the index. Nothing depends on the numbers that
/// blocks had.
package enum SavedFileLayout {
  static let magic = Array("MINKESAV".utf8)
  static let version: UInt32 = 1
  package static let headLength = 16

  /// Most bytes of each part that is read as a whole.
  static let conversationLimit = 1 << 24
  static let fingerprintLimit = 4096
  static let indexLimit = 64 + nodeLimit * SavedNode.largestLength
  /// Most nodes: over thirty million tokens.
  static let nodeLimit = 1 << 19

  static var head: [UInt8] { magic + littleEndian(version) + littleEndian(0 as UInt32) }

  /// How long the parts are, in bytes.
  package struct Sizes: Equatable {
    package var blocks: Int
    package var conversation: Int
    package var fingerprint: Int
    package var index: Int
  }

  package struct Trailer: Equatable {
    package static let length = 48
    package var sizes: Sizes
    package var checksum: UInt64

    package var bytes: [UInt8] {
      let numbers = [sizes.blocks, sizes.conversation, sizes.fingerprint, sizes.index].map(UInt64.init)
      return (numbers + [checksum]).flatMap(littleEndian) + magic
    }

    /// nil where these are not the last bytes of such a file.
    package init?(_ bytes: [UInt8]) {
      var cursor = SavedCursor(bytes[...])
      guard let blocks = cursor.size(), let conversation = cursor.size(), let fingerprint = cursor.size(),
        let index = cursor.size(), let checksum = cursor.number(UInt64.self),
        cursor.rest.elementsEqual(magic)
      else { return nil }
      sizes = Sizes(blocks: blocks, conversation: conversation, fingerprint: fingerprint, index: index)
      self.checksum = checksum
    }

    package init(_ sizes: Sizes, checksum: UInt64 = 0) {
      self.sizes = sizes
      self.checksum = checksum
    }
  }

  /// The checksum of all but the blocks.
  ///
  /// - Parameter tail: conversation, fingerprint and index.
  package static func checksum(tail: [UInt8], _ sizes: Sizes) -> UInt64 {
    let length = MemoryChecksum.chunkLength
    var checksum = MemoryChecksum()
    let ends = head + Trailer(sizes).bytes
    unsafe ends.withUnsafeBytes { unsafe checksum.add(0, $0) }
    unsafe tail.withUnsafeBytes { bytes in
      for (chunk, start) in stride(from: 0, to: bytes.count, by: length).enumerated() {
        unsafe checksum.add(
          chunk + 1, UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + length, bytes.count)]))
      }
    }
    return checksum.value
  }

  static func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> T(8 * $0)) }
  }
}

extension SavedFileLayout.Sizes {
  /// Bytes behind the blocks, or nil where a part is longer than may be or the parts are not all of `fileSize` bytes.
  func tailLength(fileSize: Int) -> Int? {
    guard conversation <= SavedFileLayout.conversationLimit, fingerprint <= SavedFileLayout.fingerprintLimit,
      index <= SavedFileLayout.indexLimit
    else { return nil }
    let tail = conversation + fingerprint + index + SavedFileLayout.Trailer.length
    let (all, overflow) = blocks.addingReportingOverflow(tail + SavedFileLayout.headLength)
    return overflow || all != fileSize ? nil : tail
  }
}

/// Reads numbers from bytes; nil where they end before.
struct SavedCursor {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func number<T: FixedWidthInteger>(_ type: T.Type) -> T? {
    let count = T.bitWidth / 8
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count).reversed().reduce(0 as T) { $0 << 8 | T(truncatingIfNeeded: $1) }
  }

  /// A number of 64 bits that is a size.
  mutating func size() -> Int? { number(UInt64.self).flatMap { Int(exactly: $0) } }
}
