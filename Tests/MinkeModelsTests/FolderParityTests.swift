import Foundation
import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

/// The folders that `transformers` saved of the tiny models.
@Suite("A folder runs as its GGUF file does")
struct FolderParityTests {
  @Test("Logits equal those of transformers", arguments: TinyModel.all)
  func logits(name: String) throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(TinyModel.folder(name))
    let logits = try runner.logits(tiny.tokens, parts: [tiny.tokens.count], cache: runner.cache())
    #expect(largestDifference(logits, tiny.logits) < ParityTests.float32Tolerance)
  }

  @Test("Every tensor is the file's, bit for bit, and so are the logits", arguments: TinyModel.all)
  func tensors(name: String) throws {
    let tiny = try TinyModel(name)
    let folder = try TinyModel.folder(name)
    // Folders are read in the layout of newer files, which has two tensors for the older one.
    let (old, new) = (".attn_kv_b.weight", [".attn_k_b.weight", ".attn_v_b.weight"])
    let isOld = tiny.file.tensors.contains { $0.name.hasSuffix(old) }
    let shared = tiny.file.tensors.filter { !$0.name.hasSuffix(old) }
    #expect(
      Set(folder.tensors.map(\.name).filter { name in !(isOld && new.contains(where: name.hasSuffix)) })
        == Set(shared.map(\.name)))
    for record in shared {
      let (mine, other) = (try folder.weight(named: record.name), try tiny.file.weight(named: record.name))
      #expect(mine.type == other.type && mine.dimensions == other.dimensions, "\(record.name)")
      #expect(try bytes(mine) == bytes(other), "\(record.name)")
    }
    let (runner, reference) = (try Runner(folder), try Runner(tiny.file))
    let mine = try runner.logits(tiny.tokens, parts: [17, 23], cache: runner.cache(.f16))
    let other = try reference.logits(tiny.tokens, parts: [40], cache: reference.cache(.f16))
    #expect(mine.map(\.bitPattern) == other.map(\.bitPattern))
  }

  @Test("Written as a GGUF file it is the same model", arguments: TinyModel.all)
  func converted(name: String) throws {
    let tiny = try TinyModel(name)
    let writer = try CheckpointConversion(TinyModel.folder(name), to: .auto).writer(threadCount: 2)
    let file = try GGUFFile(bytes: writer.serialized())
    for record in tiny.file.tensors where !record.name.hasSuffix(".attn_kv_b.weight") {
      #expect(
        try bytes(file.weight(named: record.name)) == bytes(tiny.file.weight(named: record.name)),
        "\(record.name)")
    }
    let (mine, other) = (try ModelConfiguration(file), try ModelConfiguration(tiny.file))
    #expect(mine.attention == other.attention)
    #expect((mine.contextLength, mine.normEpsilon) == (other.contextLength, other.normEpsilon))
    let runner = try Runner(file)
    let logits = try runner.logits(tiny.tokens, parts: [40], cache: runner.cache())
    #expect(largestDifference(logits, tiny.logits) < ParityTests.float32Tolerance)
  }

  private func bytes(_ tensor: CheckpointTensor) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: tensor.rows * tensor.rowByteCount)
    unsafe bytes.withUnsafeMutableBytes { unsafe tensor.readRows(0..<tensor.rows, into: $0) }
    return bytes
  }

  // MARK: 8-bit floats

  @Test("8-bit floats with scales for blocks run as their products in BF16")
  func scaled() throws {
    let name = "qwen3-fp8"
    let tokens: [Int32] = try TinyModel.elements(of: name + ".tokens.bin")
    let runner = try Runner(TinyModel.folder(name))
    let logits = try runner.logits(tokens, parts: [tokens.count], cache: runner.cache())
    #expect(
      largestDifference(logits, try TinyModel.elements(of: name + ".logits.bin"))
        < ParityTests.float32Tolerance)
  }

  @Test("As float32 they are the products, bit for bit")
  func products() throws {
    let tensor = try TinyModel.folder("qwen3-fp8").weight(
      named: "blk.0.ffn_down.weight", dimensions: [200, 160])
    var values = [Float](repeating: 0, count: 160 * 200)
    // In pieces that do not fall on the blocks of 128.
    for rows in [0..<1, 1..<100, 100..<160] {
      try unsafe values.withUnsafeMutableBufferPointer { buffer in
        try unsafe tensor.readFloats(
          rows, into: UnsafeMutableBufferPointer(rebasing: buffer[(rows.lowerBound * 200)...]))
      }
    }
    let reference: [Float] = try TinyModel.elements(of: "qwen3-fp8.down.bin")
    #expect(values.map(\.bitPattern) == reference.map(\.bitPattern))
  }

  // MARK: Packed weights on disk

  @Test("Packed weights are kept for a folder, and found again until one of its files changes")
  func packCache() throws {
    let manager = FileManager.default
    let root = NSTemporaryDirectory() + "minke-folder-" + UUID().uuidString
    defer { try? manager.removeItem(atPath: root) }
    try manager.createDirectory(atPath: root, withIntermediateDirectories: true)
    let model = root + "/model"
    try manager.copyItem(atPath: TinyModel.url("folders/llama-regular").path, toPath: model)
    let cache = PackCache(
      folder: root + "/packed", byteLimit: 1 << 30,
      digest: .computed { paths in
        #expect(paths.map { ($0 as NSString).lastPathComponent } == ["config.json", "model.safetensors"])
        return String(repeating: "a", count: 64)
      })
    func load() throws -> Transformer {
      let loaded = try Transformer(
        openCheckpoint(path: model), pool: WorkerPool(threadCount: 2), packCache: cache)
      loaded.packWriting?.wait()
      return loaded
    }
    #expect(try load().weightOrigin == .checkpoint)
    #expect(try load().weightOrigin == .packCache)
    // The same digest for other files: their lengths tell.
    let configuration = model + "/config.json"
    let text = try String(contentsOfFile: configuration, encoding: .utf8) + " "
    try text.write(toFile: configuration, atomically: true, encoding: .utf8)
    #expect(try load().weightOrigin == .checkpoint)
  }
}
