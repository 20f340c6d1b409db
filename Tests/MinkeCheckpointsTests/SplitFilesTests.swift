import Foundation
import MinkeCheckpoints
import MinkeTensors
import Testing

@Suite("A model in parts")
struct SplitFilesTests {
  /// Writes part `number` of `count`, saying of itself `index`, `parts` and `tensors`.
  private static func write(
    _ folder: TemporaryFolder, _ number: Int, of count: Int, index: UInt16, parts: UInt16, tensors: Int32,
    names: [String]
  ) throws {
    var writer = GGUFWriter()
    writer.set("split.no", .uint16(index))
    writer.set("split.count", .uint16(parts))
    writer.set("split.tensors.count", .int32(tensors))
    for name in names { writer.add(name, dimensions: [1], type: .f32, bytes: [0, 0, 0, 0]) }
    try writer.write(to: "\(folder.path)/m-0000\(number)-of-0000\(count).gguf")
  }

  private static func open(_ folder: TemporaryFolder, _ name: String = "m-00001-of-00002.gguf") throws
    -> GGUFFile
  {
    try GGUFFile(path: folder.path + "/" + name)
  }

  @Test("lacks one, which is named")
  func missing() throws {
    let folder = try TemporaryFolder()
    try Self.write(folder, 1, of: 2, index: 0, parts: 2, tensors: 2, names: ["a"])
    let error = #expect(throws: CheckpointError.self) { try Self.open(folder) }
    #expect(error?.kind == .missing)
    #expect(error?.path == folder.path + "/m-00002-of-00002.gguf")
  }

  @Test("has one that says it is another")
  func wrongNumber() throws {
    let folder = try TemporaryFolder()
    try Self.write(folder, 1, of: 2, index: 0, parts: 2, tensors: 2, names: ["a"])
    try Self.write(folder, 2, of: 2, index: 0, parts: 2, tensors: 2, names: ["b"])
    let error = #expect(throws: CheckpointError.self) { try Self.open(folder) }
    #expect(error?.place == .key("split.no"))
    #expect(error?.found == "uint16 0")
  }

  @Test("has one of a model with another number of parts")
  func wrongCount() throws {
    let folder = try TemporaryFolder()
    try Self.write(folder, 1, of: 2, index: 0, parts: 2, tensors: 2, names: ["a"])
    try Self.write(folder, 2, of: 2, index: 1, parts: 3, tensors: 2, names: ["b"])
    let error = #expect(throws: CheckpointError.self) { try Self.open(folder) }
    #expect(error?.place == .key("split.count"))
  }

  @Test("has another number of tensors than announced")
  func wrongTensorCount() throws {
    let folder = try TemporaryFolder()
    try Self.write(folder, 1, of: 2, index: 0, parts: 2, tensors: 3, names: ["a"])
    try Self.write(folder, 2, of: 2, index: 1, parts: 2, tensors: 3, names: ["b"])
    let error = #expect(throws: CheckpointError.self) { try Self.open(folder) }
    #expect(error?.place == .key("split.tensors.count"))
    #expect(error?.found == "2 tensors in all 2 parts")
  }

  @Test("has a tensor in two of them")
  func duplicate() throws {
    let folder = try TemporaryFolder()
    try Self.write(folder, 1, of: 2, index: 0, parts: 2, tensors: 2, names: ["a"])
    try Self.write(folder, 2, of: 2, index: 1, parts: 2, tensors: 2, names: ["a"])
    let error = #expect(throws: CheckpointError.self) { try Self.open(folder) }
    #expect(error?.place == .tensor("a"))
  }

  @Test("was given another name")
  func renamed() throws {
    let folder = try TemporaryFolder()
    try Self.write(folder, 1, of: 2, index: 0, parts: 2, tensors: 2, names: ["a"])
    try FileManager.default.moveItem(
      atPath: folder.path + "/m-00001-of-00002.gguf", toPath: folder.path + "/model.gguf")
    let error = #expect(throws: CheckpointError.self) { try Self.open(folder, "model.gguf") }
    #expect(error?.place == .key("split.count"))
    #expect(error?.expected == "a name that ends like -00001-of-00002.gguf")
  }

  @Test(
    "says counts that make no sense", arguments: [.int32(-1), .uint64(.max), .string("2")] as [MetadataValue])
  func hostileCounts(count: MetadataValue) throws {
    var writer = GGUFWriter()
    writer.set("split.count", count)
    let folder = try TemporaryFolder()
    try writer.write(to: folder.path + "/m-00001-of-00002.gguf")
    let error = #expect(throws: CheckpointError.self) { try Self.open(folder) }
    #expect(error?.place == .key("split.count"))
  }

  @Test("is found by names like these, and by no others")
  func names() {
    let name = SplitName(path: "/models/../deepseek-of-r1-00002-of-00010.gguf")
    #expect(name?.number == 2)
    #expect(name?.count == 10)
    #expect(name?.part(10).path == "/models/../deepseek-of-r1-00010-of-00010.gguf")
    for path in [
      "m.gguf", "m-1-of-2.gguf", "m-00000-of-00002.gguf", "m-00003-of-00002.gguf", "m-00001-of-00002.bin",
      "00001-of-00002.gguf", "m-00001-of-00002", "m-0000١-of-00002.gguf", "m-+0001-of-00002.gguf", "",
    ] {
      #expect(SplitName(path: path) == nil, "\(path)")
    }
  }
}

@Suite("A summary")
struct CheckpointSummaryTests {
  @Test("says what the file is, the largest share first")
  func summary() throws {
    var raw = RawGGUF(tensors: 3, keys: 4)
    raw.text("general.architecture", "qwen2")
    raw.text("general.name", "Small")
    raw.uint32("qwen2.context_length", 4096)
    raw.uint32("general.license", 7)
    raw.tensor("a", [8], type: 0)
    raw.tensor("b", [32, 4], type: 8, offset: 32)
    raw.tensor("c", [256], type: 15, offset: 192)
    let summary = try GGUFFile(bytes: raw.bytes).summary
    #expect(summary.architecture == "qwen2")
    #expect(summary.name == "Small")
    #expect(summary.license == nil)
    #expect(summary.contextLength == 4096)
    #expect(summary.parameterCount == 8 + 128 + 256)
    #expect(summary.fileSize == raw.bytes.count)
    #expect(summary.types.map(\.name) == ["Q8_0", "F32", "Q8_K"])
    #expect(summary.types.map(\.tensorCount) == [1, 1, 1])
    #expect(summary.types.map(\.elementCount) == [128, 8, 256])
    #expect(summary.types.map(\.byteCount) == [136, 32, nil])
  }
}

@Suite("A split model is written again")
struct RewritingTests {
  @Test("in one file and in other parts, from what was read of its parts")
  func rewrite() throws {
    let folder = try TemporaryFolder()
    var writer = GGUFWriter()
    writer.set("general.name", .string("whale"))
    for name in ["a", "b", "c"] {
      writer.add(name, dimensions: [8], type: .f32, bytes: [UInt8](repeating: 1, count: 32))
    }
    let parts = try writer.write(to: folder.path + "/m.gguf", partSize: 32)
    #expect(parts.count == 3)
    let model = try GGUFFile(path: parts[0])
    var again = GGUFWriter()
    for key in model.metadata.keys { again.set(key, try #require(model.metadata[key])) }
    for tensor in model.tensors { try again.add(model.tensor(named: tensor.name)) }
    for size in [64, 1 << 20] {
      let paths = try again.write(to: folder.path + "/n\(size).gguf", partSize: size)
      #expect(paths.count == (size == 64 ? 2 : 1))
      let copy = try GGUFFile(path: paths[0])
      #expect(copy.tensors.map(\.name) == ["a", "b", "c"])
      #expect(try copy.metadata.string("general.name") == "whale")
    }
  }
}
