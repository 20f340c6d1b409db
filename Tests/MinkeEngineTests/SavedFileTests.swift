import Foundation
import MinkeEngine
import Testing

/// Files that are damaged, or made to do harm.
struct `Saved files that cannot be trusted` {
  /// A sound file, and an engine for it.
  private struct Sample {
    let folder: TemporaryFolder
    let tiny: TinyEngine
    var bytes: [UInt8]

    init(_ model: String = "gemma3-regular") async throws {
      folder = try TemporaryFolder()
      tiny = try TinyEngine(model)
      let first = try TinyEngine(model)
      let said = try await first.run(first.tokens(70, seed: 1)).tokens
      _ = try await first.run(Array(said.prefix(64)) + first.tokens(8, seed: 2))
      _ = try first.engine.save(
        .everything, of: .local, conversation: Array("{\"said\":1}".utf8), fingerprint: first.fingerprint,
        to: folder.file("a"))
      bytes = try Array(Data(contentsOf: URL(filePath: folder.file("a"))))
    }

    /// What becomes of a file of these bytes: the error, or nil where it is taken for sound.
    func restore(_ bytes: [UInt8]) throws -> SavedFileError? {
      try Data(bytes).write(to: URL(filePath: folder.file("b")))
      do throws(SavedFileError) {
        let file = try SavedFile.opened(path: folder.file("b"))
        _ = try tiny.engine.restore(file, fingerprint: tiny.fingerprint, into: .local)
        return nil
      } catch {
        return error
      }
    }

    /// Lengths of the parts.
    var sizes: SavedFileLayout.Sizes {
      get throws {
        try #require(SavedFileLayout.Trailer(Array(bytes.suffix(SavedFileLayout.Trailer.length)))).sizes
      }
    }

    /// The same file with another index and the right checksum.
    func forged(index: [UInt8], sizes: SavedFileLayout.Sizes? = nil) throws -> [UInt8] {
      var sizes = try sizes ?? self.sizes
      let start = SavedFileLayout.headLength + sizes.blocks
      let front = Array(bytes[start..<start + sizes.conversation + sizes.fingerprint])
      sizes.index = index.count
      let tail = front + index
      let trailer = SavedFileLayout.Trailer(sizes, checksum: SavedFileLayout.checksum(tail: tail, sizes))
      return bytes[..<start] + tail + trailer.bytes
    }

    var index: [UInt8] {
      get throws {
        Array(bytes.dropLast(SavedFileLayout.Trailer.length).suffix(try sizes.index))
      }
    }

    func checkUnchanged() {
      #expect(tiny.cachedBytes == 0)
      #expect(tiny.violations == [])
    }
  }

  @Test func `A flipped bit anywhere is one error, and nothing has changed`() async throws {
    let sample = try await Sample()
    // Every byte but the blocks', and of these one in 499.
    let blocks = SavedFileLayout.headLength..<SavedFileLayout.headLength + (try sample.sizes.blocks)
    for place in sample.bytes.indices where !blocks.contains(place) || place.isMultiple(of: 499) {
      var bytes = sample.bytes
      bytes[place] ^= 1 << UInt8(place % 8)
      let error = try sample.restore(bytes)
      try #require(error != nil, "byte \(place)")
      try #require(error?.kind == (place < 12 ? .foreign : .damaged), "byte \(place)")
    }
    sample.checkUnchanged()
    #expect(try sample.restore(sample.bytes) == nil)
    #expect(sample.tiny.cachedBytes > 0)
  }

  @Test func `A file that is cut short or has more at its end is one error`() async throws {
    let sample = try await Sample("llama-regular")
    let count = sample.bytes.count
    for length in Array(0..<200) + stride(from: 200, to: count, by: 331) + (count - 200..<count) {
      let error = try sample.restore(Array(sample.bytes.prefix(length)))
      try #require(error != nil, "\(length) bytes")
    }
    #expect(try sample.restore(sample.bytes + [0])?.kind == .damaged)
    #expect(try sample.restore(sample.bytes + sample.bytes)?.kind == .damaged)
    #expect(try sample.restore([])?.kind == .foreign)
    #expect(try sample.restore(Array("GGUF and what follows, of some length".utf8))?.kind == .foreign)
    sample.checkUnchanged()
  }

  /// A place of the index, and what is written there as a number of 32 bits.
  private static let forgeries: [(String, Int, UInt32)] = [
    ("no groups", 0, 0), ("three groups", 0, 3), ("as many groups as there can be", 0, .max),
    ("an empty block", 4, 0), ("another size of a block", 4, 64), ("a huge block", 8, 0x7FFF_FFFF),
    ("no nodes", 20, 0), ("one node less", 20, 2), ("one node more", 20, 4), ("many nodes", 20, .max),
    ("a parent that comes later", 24, 1), ("its own parent", 24, 0), ("a parent below -1", 24, 0xFFFF_FFFE),
    ("no tokens", 28, 0), ("65 tokens", 28, 65), ("many tokens", 28, .max),
    ("63 tokens and children", 28, 63),
    ("no block", 32, 0), ("only the window's block", 32, 2), ("a third group", 32, 4),
    ("all groups", 32, .max),
    ("another checksum", 36, 0), ("a token below 0", 44, .max),
    ("a token outside the vocabulary", 44, 1 << 20),
  ]

  @Test func `A forged index with the right checksum is one error`() async throws {
    let sample = try await Sample()
    let index = try sample.index
    #expect(try sample.restore(sample.forged(index: index)) == nil)
    let kept = sample.tiny.cachedBytes
    for (name, place, value) in Self.forgeries {
      var forged = index
      for byte in 0..<4 { forged[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(byte))) }
      let error = try sample.restore(sample.forged(index: forged))
      #expect(error?.kind == .damaged, "\(name)")
    }
    #expect(sample.tiny.cachedBytes == kept && sample.tiny.violations == [])
  }

  @Test func `Sizes that overflow or are not the file's are one error`() async throws {
    let sample = try await Sample("llama-regular")
    let (index, sizes) = (try sample.index, try sample.sizes)
    for huge in [Int.max, Int.max - 48, 1 << 62, 1 << 40, sizes.blocks + 1] {
      for part in [\SavedFileLayout.Sizes.blocks, \.conversation, \.fingerprint, \.index] {
        var wrong = sizes
        wrong[keyPath: part] = huge
        let bytes =
          sample.bytes.dropLast(SavedFileLayout.Trailer.length) + SavedFileLayout.Trailer(wrong).bytes
        #expect(try sample.restore(Array(bytes))?.kind == .damaged)
      }
    }
    #expect(try sample.restore(sample.forged(index: Array(index.dropLast())))?.kind == .damaged)
    #expect(try sample.restore(sample.forged(index: index + [0]))?.kind == .damaged)
    sample.checkUnchanged()
  }

  @Test func `A folder, a pipe and a path that is none are errors`() async throws {
    let folder = try TemporaryFolder()
    let made = unsafe mkfifo(folder.file("pipe"), 0o600)
    #expect(made == 0)
    for path in [folder.path, folder.file("pipe"), folder.file("none"), "a\0b", ""] {
      #expect(throws: SavedFileError.self) { try SavedFile.opened(path: path).checkBlocks() }
    }
  }

  @Test func `A file that changes after it was checked is an error`() async throws {
    let sample = try await Sample("llama-regular")
    let file = try SavedFile.opened(path: sample.folder.file("a"))
    let handle = try #require(FileHandle(forWritingAtPath: sample.folder.file("a")))
    try handle.seek(toOffset: UInt64(SavedFileLayout.headLength + 5))
    try handle.write(contentsOf: Data([sample.bytes[SavedFileLayout.headLength + 5] ^ 1]))
    try handle.close()
    let error = #expect(throws: SavedFileError.self) {
      try sample.tiny.engine.restore(file, fingerprint: sample.tiny.fingerprint, into: .local)
    }
    #expect(error?.kind == .damaged)
    sample.checkUnchanged()
  }

  @Test func `What a file says cannot reach the terminal`() async throws {
    let error = SavedFileError(.foreign, "a\u{1B}[2J", found: "\u{7}\u{202E}", expected: "text")
    #expect(error.description == "a\\u{1b}[2J: found \\u{7}\\u{202e}, expected text")
  }
}
