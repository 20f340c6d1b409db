import Foundation
import MinkeCheckpoints
import MinkeTensors
import Synchronization
import Testing

@Suite("A model is quantised")
struct ModelQuantizerTests {
  /// A model file of one layer with random weights, written to a folder.
  struct Source {
    let folder: TemporaryFolder
    var path: String { folder.path + "/source.gguf" }
    var target: String { folder.path + "/target.gguf" }

    init(_ type: ElementType = .f32, partSize: Int? = nil, change: (inout [Float]) -> Void = { _ in }) throws
    {
      folder = try TemporaryFolder()
      var random = SeededRandom(1)
      var writer = GGUFWriter()
      writer.set("general.architecture", .string("llama"))
      writer.set("llama.block_count", .uint32(1))
      writer.set("general.file_type", .uint32(0))
      writer.set("general.name", .string("Tiny 鲸"))
      writer.set("tokenizer.ggml.tokens", .array(MetadataArray(strings: ["a", "b"])))
      func add(_ name: String, _ dimensions: [Int], _ type: ElementType, last: Bool = false) {
        var values = (0..<dimensions.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) }
        if last { change(&values) }
        var bytes = LittleEndianBytes()
        for value in values {
          if type == .f16 { bytes.append(Float16(value).bitPattern) } else { bytes.append(value.bitPattern) }
        }
        writer.add(name, dimensions: dimensions, type: type, bytes: bytes.bytes)
      }
      add("token_embd.weight", [256, 10], type)
      add("blk.0.attn_norm.weight", [256], .f32)
      add("blk.0.attn_v.weight", [256, 32], type)
      add("blk.0.ffn_up.weight", [256, 64], type)
      add("blk.0.ffn_down.weight", [64, 256], type, last: true)
      if let partSize {
        _ = try writer.write(to: path, partSize: partSize)
      } else {
        try writer.write(to: path)
      }
    }
  }

  func quantize(
    _ source: Source, _ type: FileType = .q4_K_M, from path: String? = nil, to target: String? = nil,
    importance: ImportanceMatrix? = nil, requantizing: Bool = false, replacing: Bool = false,
    threads: Int = 1,
    progress: @escaping @Sendable (Int) -> Bool = { _ in true }
  ) throws {
    let file = try GGUFFile(path: path ?? source.path)
    let plan = try QuantizationPlan(file, type, importance: importance, allowsRequantizing: requantizing)
    try ModelQuantizer(plan, threadCount: threads).write(
      to: target ?? source.target, replacing: replacing, source: file, progress: progress)
  }

  @Test("into a file that says so and keeps the rest", arguments: [ElementType.f32, .f16])
  func file(type: ElementType) throws {
    let source = try Source(type)
    try quantize(source)
    let (before, after) = (try GGUFFile(path: source.path), try GGUFFile(path: source.target))
    #expect(after.tensors.map(\.name) == before.tensors.map(\.name))
    #expect(after.tensors.map(\.dimensions) == before.tensors.map(\.dimensions))
    #expect(after.tensors.map(\.type) == [.q6_K, .f32, .q6_K, .q4_K, .q8_0])
    try after.validateTensors()
    #expect(
      after.metadata.keys == [
        "general.architecture", "llama.block_count", "general.name", "tokenizer.ggml.tokens",
        "general.quantization_version", "general.file_type",
      ])
    #expect(after.metadata["general.file_type"] == .uint32(15))
    #expect(after.metadata["general.quantization_version"] == .uint32(2))
    #expect(after.metadata["tokenizer.ggml.tokens"] == before.metadata["tokenizer.ggml.tokens"])
    let name = "blk.0.attn_norm.weight"
    #expect(try after.tensor(named: name).contents == before.tensor(named: name).contents)
    #expect(try source.folder.contents == ["source.gguf", "target.gguf"])
  }

  @Test("from parts, into one file that is none")
  func parts() throws {
    let (whole, split) = (try Source(), try Source(partSize: 20_000))
    let first = split.folder.path + "/source-00001-of-00004.gguf"
    #expect(FileManager.default.fileExists(atPath: first))
    try quantize(whole)
    try quantize(split, from: first)
    #expect(
      FileManager.default.contents(atPath: whole.target) == FileManager.default.contents(atPath: split.target)
    )
  }

  @Test("into the same file by any number of threads", arguments: [FileType.q4_K_M, .iq4_xs, .q2_K, .bf16])
  func threads(type: FileType) throws {
    let source = try Source()
    try quantize(source, type)
    let bytes = FileManager.default.contents(atPath: source.target)
    for threads in [2, 5] {
      try quantize(source, type, replacing: true, threads: threads)
      #expect(FileManager.default.contents(atPath: source.target) == bytes)
    }
  }

  @Test("with the importance of its columns, and says with which")
  func importance() throws {
    let source = try Source()
    let entry = ImportanceMatrix.Entry(sums: (0..<256).map { Float($0) }, counts: [3])
    let matrix = ImportanceMatrix(
      entries: ["blk.0.ffn_up.weight": entry], datasets: ["wiki.txt"], chunkCount: 3, chunkSize: 512,
      path: "m.imatrix")
    try quantize(source)
    let plain = try GGUFFile(path: source.target)
    try quantize(source, importance: matrix, replacing: true)
    let file = try GGUFFile(path: source.target)
    #expect(file.metadata["quantize.imatrix.file"] == .string("m.imatrix"))
    #expect(file.metadata["quantize.imatrix.dataset"] == .string("wiki.txt"))
    #expect(file.metadata["quantize.imatrix.entries_count"] == .uint32(1))
    #expect(file.metadata["quantize.imatrix.chunks_count"] == .uint32(3))
    for tensor in file.tensors {
      let isSame =
        try file.tensor(named: tensor.name).contents == plain.tensor(named: tensor.name).contents
      #expect(isSame == (tensor.name != "blk.0.ffn_up.weight"), "\(tensor.name)")
    }
    let plan = try QuantizationPlan(GGUFFile(path: source.path), .q4_K_M, importance: matrix)
    #expect(plan.withoutImportance == ["token_embd.weight", "blk.0.attn_v.weight", "blk.0.ffn_down.weight"])
  }

  @Test("a second time only on demand")
  func again() throws {
    let source = try Source()
    try quantize(source, .q8_0)
    let second = source.folder.path + "/second.gguf"
    let error = #expect(throws: CheckpointError.self) {
      try quantize(source, from: source.target, to: second)
    }
    #expect(error?.place == .tensor("token_embd.weight"))
    #expect(error?.remedy?.contains("--allow-requantize") == true)
    try quantize(source, from: source.target, to: second, requantizing: true)
    #expect(try GGUFFile(path: second).tensor(named: "blk.0.ffn_up.weight").type == .q4_K)
    // What has the type already is copied, and needs no leave.
    try quantize(source, .q8_0, from: source.target, to: second, replacing: true)
    #expect(
      FileManager.default.contents(atPath: second) == FileManager.default.contents(atPath: source.target))
  }

  @Test("with its size, before and after")
  func summary() throws {
    let source = try Source()
    let summary = try QuantizationPlan(GGUFFile(path: source.path), .q8_0).summary
    let elements = 256 * 10 + 256 + 256 * 32 + 256 * 64 + 64 * 256
    #expect(summary.elementCount == elements)
    #expect(summary.bytesBefore == 4 * elements && summary.bitsPerWeightBefore == 32)
    #expect(summary.bytesAfter == (elements - 256) / 32 * 34 + 4 * 256)
    #expect(summary.types.map(\.name) == ["Q8_0", "F32"])
    #expect(summary.types.map(\.tensorCount) == [4, 1])
  }
}

@Suite("A quantisation that cannot be finished leaves nothing")
struct FailedQuantizationTests {
  typealias Source = ModelQuantizerTests.Source

  @Test("when a weight is not a number, which the error names")
  func notANumber() throws {
    let source = try Source { $0[64 * 77 + 5] = .nan }
    let error = #expect(throws: CheckpointError.self) {
      try ModelQuantizerTests().quantize(source, threads: 2)
    }
    #expect(error?.place == .tensor("blk.0.ffn_down.weight"))
    #expect(error?.found == "nan at row 77, column 5")
    #expect(try source.folder.contents == ["source.gguf"])
  }

  @Test("when it is stopped half-way, and what was there before stays", arguments: [false, true])
  func stopped(isThere: Bool) throws {
    let source = try Source()
    if isThere { try Data("before".utf8).write(to: URL(fileURLWithPath: source.target)) }
    let calls = Atomic(0)
    #expect(throws: CheckpointError.self) {
      try ModelQuantizerTests().quantize(source, replacing: true) { _ in
        calls.wrappingAdd(1, ordering: .relaxed).newValue < 4
      }
    }
    #expect(calls.load(ordering: .relaxed) == 4)
    #expect(try source.folder.contents == (isThere ? ["source.gguf", "target.gguf"] : ["source.gguf"]))
    if isThere { #expect(FileManager.default.contents(atPath: source.target) == Data("before".utf8)) }
  }

  @Test("when the target is the source, under whichever name")
  func source() throws {
    let source = try Source()
    let link = source.folder.path + "/link.gguf"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: source.path)
    let bytes = FileManager.default.contents(atPath: source.path)
    for target in [source.path, link, source.folder.path + "/./source.gguf"] {
      let error = #expect(throws: CheckpointError.self) {
        try ModelQuantizerTests().quantize(source, to: target, replacing: true)
      }
      #expect(error?.found == "the file that is read")
    }
    #expect(FileManager.default.contents(atPath: source.path) == bytes)
  }

  @Test("when the target is there and is not to be replaced")
  func existing() throws {
    let source = try Source()
    try Data("before".utf8).write(to: URL(fileURLWithPath: source.target))
    let error = #expect(throws: CheckpointError.self) { try ModelQuantizerTests().quantize(source) }
    #expect(error?.remedy?.contains("--force") == true)
    #expect(FileManager.default.contents(atPath: source.target) == Data("before".utf8))
    try ModelQuantizerTests().quantize(source, replacing: true)
    #expect(throws: Never.self) { try GGUFFile(path: source.target) }
  }

  @Test("when there is nothing to quantise, or no place for it")
  func nothing() throws {
    let source = try Source()
    let error = #expect(throws: CheckpointError.self) {
      try ModelQuantizerTests().quantize(source, to: source.folder.path + "/none/target.gguf")
    }
    #expect(error?.kind == .unwritable)
    #expect(throws: CheckpointError.self) {
      try QuantizationPlan(GGUFFile(bytes: GGUFWriter().serialized()), .q8_0)
    }
  }
}
