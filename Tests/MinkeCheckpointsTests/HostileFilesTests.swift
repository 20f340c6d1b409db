import MinkeCheckpoints
import Testing

/// A file made to do harm, and the error it must give.
struct HostileFile: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let bytes: [UInt8]
  let kind: CheckpointError.Kind
  let place: CheckpointError.Place

  init(
    _ name: String, _ kind: CheckpointError.Kind, _ place: CheckpointError.Place, _ raw: RawGGUF
  ) {
    self.init(name, kind, place, raw.bytes)
  }

  init(_ name: String, _ kind: CheckpointError.Kind, _ place: CheckpointError.Place, _ bytes: [UInt8]) {
    (testDescription, self.bytes, self.kind, self.place) = (name, bytes, kind, place)
  }
}

/// A header with one key, whose bytes `write` gives, and room behind it.
private func key(_ write: (inout RawGGUF) -> Void) -> RawGGUF {
  var raw = RawGGUF(keys: 1)
  write(&raw)
  raw.data(64)
  return raw
}

/// A header with one tensor `t`, and room behind it.
private func tensor(_ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) -> RawGGUF {
  var raw = RawGGUF(tensors: 1)
  raw.tensor("t", dimensions, type: type, offset: offset)
  raw.pad()
  raw.data(4096)
  return raw
}

/// A header with the given tensors, 8 floats each.
private func tensors(_ list: [(name: [UInt8], offset: UInt64)]) -> RawGGUF {
  var raw = RawGGUF(tensors: UInt64(list.count))
  for (name, offset) in list {
    raw.string(name)
    raw.integer(1 as UInt32)
    raw.integer(8 as UInt64)
    raw.integer(0 as UInt32)
    raw.integer(offset)
  }
  raw.pad()
  raw.data(256)
  return raw
}

private func alignment(_ value: UInt32) -> HostileFile {
  HostileFile(
    "alignment \(value)", .malformed, .key("general.alignment"), key { $0.uint32("general.alignment", value) }
  )
}

private let hostileHeaders: [HostileFile] = [
  HostileFile("nothing", .notGGUF, .field("magic"), []),
  HostileFile("three bytes", .notGGUF, .field("magic"), Array("GGU".utf8)),
  HostileFile("a zip archive", .notGGUF, .field("magic"), Array("PK\u{3}\u{4}aaaaaaaaaaaaaaaaaaa".utf8)),
  HostileFile("control characters", .notGGUF, .field("magic"), Array("\u{1b}[2Jaaaaaaaaaaa".utf8)),
  HostileFile("no version", .truncated, .field("version"), Array("GGUF".utf8)),
  HostileFile("version 0", .unsupported, .field("version"), RawGGUF(version: 0)),
  HostileFile("version 1", .unsupported, .field("version"), RawGGUF(version: 1)),
  HostileFile("version 4", .unsupported, .field("version"), RawGGUF(version: 4)),
  HostileFile("big-endian", .unsupported, .field("version"), RawGGUF(version: 0x0300_0000)),
  HostileFile("2^63 tensors", .malformed, .field("tensor count"), RawGGUF(tensors: 1 << 63)),
  HostileFile("2^60 tensors", .malformed, .field("tensor count"), RawGGUF(tensors: 1 << 60)),
  HostileFile("-1 tensors", .malformed, .field("tensor count"), RawGGUF(tensors: .max)),
  HostileFile("2^63 keys", .malformed, .field("key count"), RawGGUF(keys: 1 << 63)),
  HostileFile("-1 keys", .malformed, .field("key count"), RawGGUF(keys: .max)),
  HostileFile("one key too many", .malformed, .field("key count"), RawGGUF(keys: 1)),
  HostileFile("no key count", .truncated, .field("key count"), Array(RawGGUF().bytes.prefix(20))),
]

private let hostileKeys: [HostileFile] = [
  HostileFile("an empty key", .malformed, .field("key 0"), key { $0.text("", "a") }),
  HostileFile(
    "a key of 65,536 bytes", .unsupported, .field("key 0"),
    key { $0.text(String(repeating: "k", count: 65_536), "a") }),
  HostileFile("a key of 2^64-1 bytes", .malformed, .field("key 0"), key { $0.integer(UInt64.max) }),
  HostileFile(
    "a key that is not UTF-8", .malformed, .field("key 0"),
    key {
      $0.string([0xc3, 0x28])
      $0.integer(4 as UInt32)
    }),
  HostileFile(
    "a key twice", .malformed, .key("k"),
    {
      var raw = RawGGUF(keys: 2)
      raw.uint32("k", 1)
      raw.uint32("k", 1)
      return raw
    }()),
  HostileFile("value type 13", .malformed, .key("k"), key { $0.key("k", type: 13) }),
  HostileFile("value type 2^32-1", .malformed, .key("k"), key { $0.key("k", type: .max) }),
  HostileFile(
    "a string past the end", .malformed, .key("k"),
    key {
      $0.key("k", type: 8)
      $0.integer(65 as UInt64)
    }),
  HostileFile(
    "a string of 2^63 bytes", .malformed, .key("k"),
    key {
      $0.key("k", type: 8)
      $0.integer((1 as UInt64) << 63)
    }),
  HostileFile(
    "a string that is not UTF-8", .malformed, .key("k"),
    key {
      $0.key("k", type: 8)
      $0.string([0xff])
    }),
  HostileFile(
    "a bool of 2", .malformed, .key("k"),
    key {
      $0.key("k", type: 7)
      $0.integer(2 as UInt8)
    }),
  HostileFile(
    "a number cut short", .truncated, .key("key"),
    {
      var raw = RawGGUF(keys: 1)
      raw.key("key", type: 12)
      raw.data(4)
      return raw
    }()),
  alignment(0), alignment(1), alignment(3), alignment(4), alignment(48), alignment(1 << 31), alignment(.max),
  HostileFile(
    "an alignment that is a string", .malformed, .key("general.alignment"),
    key { $0.text("general.alignment", "32") }),
  HostileFile(
    "an alignment of 64 bits", .malformed, .key("general.alignment"),
    key {
      $0.key("general.alignment", type: 10)
      $0.integer(32 as UInt64)
    }),
]

private let hostileArrays: [HostileFile] = [
  HostileFile("element type 13", .malformed, .key("k"), key { $0.array("k", of: 13, count: 1) }),
  HostileFile("2^63 bytes", .malformed, .key("k"), key { $0.array("k", of: 0, count: 1 << 63) }),
  HostileFile("2^61 64-bit integers", .malformed, .key("k"), key { $0.array("k", of: 10, count: 1 << 61) }),
  HostileFile("2^62 32-bit floats", .malformed, .key("k"), key { $0.array("k", of: 6, count: 1 << 62) }),
  HostileFile("one element too many", .malformed, .key("k"), key { $0.array("k", of: 0, count: 65) }),
  HostileFile("2^60 strings", .malformed, .key("k"), key { $0.array("k", of: 8, count: 1 << 60) }),
  HostileFile("-1 strings", .malformed, .key("k"), key { $0.array("k", of: 8, count: .max) }),
  HostileFile(
    "a string element past the end", .malformed, .key("k"),
    key {
      $0.array("k", of: 8, count: 2)
      $0.string("a")
      $0.integer(65 as UInt64)
    }),
  HostileFile(
    "a string element of -8 bytes", .malformed, .key("k"),
    key {
      $0.array("k", of: 8, count: 2)
      $0.integer(UInt64.max - 7)
    }),
  HostileFile(
    "a bool element of 255", .malformed, .key("k"),
    key {
      $0.array("k", of: 7, count: 3)
      for value in [0, 1, 255] as [UInt8] { $0.integer(value) }
    }),
  HostileFile(
    "5,000,000 empty strings", .unsupported, .key("k"),
    key {
      $0.array("k", of: 8, count: 5_000_000)
      $0.data(40_000_000)
    }),
  HostileFile("2^60 arrays", .malformed, .key("k"), key { $0.array("k", of: 9, count: 1 << 60) }),
  HostileFile(
    "arrays 10,000 deep", .unsupported, .key("k"),
    key {
      $0.array("k", of: 9, count: 1)
      for _ in 0..<10_000 {
        $0.integer(9 as UInt32)
        $0.integer(1 as UInt64)
      }
    }),
  HostileFile(
    "20,000 empty arrays", .unsupported, .key("k"),
    key {
      $0.array("k", of: 9, count: 20_000)
      for _ in 0..<20_000 {
        $0.integer(0 as UInt32)
        $0.integer(0 as UInt64)
      }
    }),
]

private let hostileTensors: [HostileFile] = [
  HostileFile("no dimensions", .malformed, .tensor("t"), tensor([])),
  HostileFile("five dimensions", .malformed, .tensor("t"), tensor([1, 1, 1, 1, 1])),
  HostileFile(
    "2^32-1 dimensions", .malformed, .tensor("t"),
    {
      var raw = RawGGUF(tensors: 1)
      raw.string("t")
      raw.integer(UInt32.max)
      raw.data(64)
      return raw
    }()),
  HostileFile("a dimension of 0", .malformed, .tensor("t"), tensor([4, 0])),
  HostileFile("a dimension of 2^63", .malformed, .tensor("t"), tensor([1 << 63])),
  HostileFile("a dimension of -1", .malformed, .tensor("t"), tensor([4, .max])),
  HostileFile("a product of 2^64", .malformed, .tensor("t"), tensor([1 << 32, 1 << 32])),
  HostileFile("a product of 2^64 + 4", .malformed, .tensor("t"), tensor([1 << 62, 4, 1])),
  HostileFile(
    "a product that wraps to 1", .malformed, .tensor("t"), tensor([0x5555_5555_5555_5555, 3, 3, 3])),
  HostileFile("a size of 2^63 bytes", .malformed, .tensor("t"), tensor([1 << 61])),
  HostileFile(
    "a size of 2^63 bytes in blocks", .malformed, .tensor("t"), tensor([(1 << 63) - 32, 1], type: 8)),
  HostileFile("half a block in a row", .malformed, .tensor("t"), tensor([48, 2], type: 2)),
  HostileFile("a row of 32 in blocks of 256", .malformed, .tensor("t"), tensor([32, 8], type: 12)),
  HostileFile("an offset that is not aligned", .malformed, .tensor("t"), tensor([8], offset: 16)),
  HostileFile("an offset of -32", .malformed, .tensor("t"), tensor([8], offset: .max - 31)),
  HostileFile("an offset of 2^63 - 32", .malformed, .tensor("t"), tensor([8], offset: (1 << 63) - 32)),
  HostileFile("an end of 2^63", .malformed, .tensor("t"), tensor([1 << 20], offset: (1 << 63) - (1 << 20))),
  HostileFile("data past the end", .truncated, .tensor("t"), tensor([1025])),
  HostileFile("data after the end", .truncated, .tensor("t"), tensor([8], offset: 1 << 40)),
  HostileFile("a type that is not supported", .unsupported, .tensor("t"), tensor([256], type: 15)),
  HostileFile("a type that was removed", .unsupported, .tensor("t"), tensor([32], type: 4)),
  HostileFile("a type of 2^32-1", .unsupported, .tensor("t"), tensor([32], type: .max)),
  HostileFile(
    "a name twice", .malformed, .tensor("a"), tensors([(Array("a".utf8), 0), (Array("a".utf8), 32)])),
  HostileFile(
    "two tensors in one place", .malformed, .tensor("b"),
    tensors([(Array("a".utf8), 0), (Array("b".utf8), 0)])),
  HostileFile("an empty name", .malformed, .field("tensor 0"), tensors([([], 0)])),
  HostileFile(
    "a name of 65 bytes", .unsupported, .field("tensor 0"),
    tensors([([UInt8](repeating: 0x61, count: 65), 0)])),
  HostileFile("a name that is not UTF-8", .malformed, .field("tensor 0"), tensors([([0xff], 0)])),
  HostileFile(
    "a name that clears the terminal", .malformed, .tensor("\u{1b}[2J\n"),
    tensors([(Array("\u{1b}[2J\n".utf8), 16)])),
]

@Suite("A hostile file is refused", .timeLimit(.minutes(1)))
struct HostileFilesTests {
  @Test("by its header, keys and tensors", arguments: hostileHeaders + hostileKeys + hostileTensors)
  func refused(file: HostileFile) {
    let error = #expect(throws: CheckpointError.self) {
      try GGUFFile(bytes: file.bytes, name: "hostile.gguf").validateTensors()
    }
    #expect(error?.kind == file.kind)
    #expect(error?.place == file.place)
    if let error { expectClear(error, "\(error)") }
  }

  @Test("by its arrays", arguments: hostileArrays)
  func refusedArrays(file: HostileFile) { refused(file: file) }

  @Test("with a message that cannot act on a terminal")
  func escaped() {
    let error = #expect(throws: CheckpointError.self) {
      try GGUFFile(bytes: tensors([(Array("\u{1b}[2J\n\u{202e}".utf8), 16)]).bytes, name: "a\nb.gguf")
    }
    #expect(
      error?.description == "a\\u{a}b.gguf: tensor \\u{1b}[2J\\u{a}\\u{202e}: found the offset 16, "
        + "expected a multiple of the alignment, 32")
  }

  @Test("when it is no plain file", .timeLimit(.minutes(1)))
  func notAFile() throws {
    let folder = try TemporaryFolder()
    for path in [folder.path, folder.path + "/none.gguf", "/dev/zero", "/dev/null", "", "a\u{0}b"] {
      let error = #expect(throws: CheckpointError.self) { try GGUFFile(path: path) }
      #expect(error?.kind == .unreadable)
      if let error { expectClear(error, "\(path)") }
    }
  }
}
