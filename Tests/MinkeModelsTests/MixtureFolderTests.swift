import MinkeCheckpoints
import MinkeTensors
import Testing

/// The folders that `transformers` saved of the models with experts, against the files that the `gguf` package wrote.
@Suite("Folders of models with experts are their GGUF files")
struct MixtureFolderTests {
  private func bytes(_ tensor: CheckpointTensor, _ rows: Range<Int>) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: rows.count * tensor.rowByteCount)
    unsafe bytes.withUnsafeMutableBytes { unsafe tensor.readRows(rows, into: $0) }
    return bytes
  }

  private func bytes(_ tensor: CheckpointTensor) -> [UInt8] { bytes(tensor, 0..<tensor.rows) }

  /// What one layout has for DeepSeek's keys and values and the other has not.
  private static let joined = "attn_kv_b.weight"

  @Test("Every tensor is the file's, bit for bit", arguments: TinyModel.mixtures)
  func tensors(name: String) throws {
    let file = try TinyModel(name).file
    let folder = try TinyModel.folder(name)
    try folder.validateTensors()
    let halves = ["attn_k_b.weight", "attn_v_b.weight"]
    let names = file.tensors.map(\.name).flatMap { name in
      name.hasSuffix(Self.joined) ? halves.map { name.dropLast(Self.joined.count) + $0 } : [name]
    }
    #expect(Set(folder.tensors.map(\.name)) == Set(names))
    for record in file.tensors where !record.name.hasSuffix(Self.joined) {
      let (mine, other) = (try folder.weight(named: record.name), try file.weight(named: record.name))
      #expect(mine.type == other.type && mine.dimensions == other.dimensions, "\(record.name)")
      #expect(bytes(mine) == bytes(other), "\(record.name)")
      // In pieces that fall on no expert and no head.
      let cuts = [0, 1, mine.rows / 3, mine.rows / 3 + 1, mine.rows].map { min($0, mine.rows) }.sorted()
      let pieces = zip(cuts, cuts.dropFirst()).flatMap { bytes(mine, $0..<$1) }
      #expect(pieces == bytes(other), "\(record.name)")
      #expect(try floats(mine) == floats(other), "\(record.name)")
    }
  }

  private func floats(_ tensor: CheckpointTensor) throws -> [Float] {
    var values = [Float](repeating: 0, count: tensor.rows * tensor.columns)
    try unsafe values.withUnsafeMutableBufferPointer {
      try unsafe tensor.readFloats(0..<tensor.rows, into: $0)
    }
    return values
  }

  @Test("What makes keys and values is split by heads", arguments: ["deepseek-v2-odd", "deepseek-v3-odd"])
  func split(name: String) throws {
    let file = try TinyModel(name).file
    let folder = try TinyModel.folder(name)
    for layer in 0..<2 {
      let block = "blk.\(layer)."
      let joined = try file.weight(named: block + Self.joined)
      let keys = try folder.weight(named: block + "attn_k_b.weight")
      let values = try folder.weight(named: block + "attn_v_b.weight")
      let (plain, rank, heads, value) = (
        keys.dimensions[0], keys.dimensions[1], keys.dimensions[2], values.dimensions[1]
      )
      #expect(values.dimensions == [rank, value, heads])
      #expect(joined.dimensions == [rank, heads * (plain + value)])
      let (all, ofKeys, ofValues) = (try floats(joined), try floats(keys), try floats(values))
      for head in 0..<heads {
        let first = head * (plain + value)
        for column in 0..<rank {
          for row in 0..<plain {
            #expect(ofKeys[(head * rank + column) * plain + row] == all[(first + row) * rank + column])
          }
          for row in 0..<value {
            #expect(
              ofValues[(head * value + row) * rank + column] == all[(first + plain + row) * rank + column])
          }
        }
      }
    }
  }

  /// Keys that the layouts of attention have differently.
  private static let ofLayout = [
    "head_count_kv", "key_length", "value_length", "key_length_mla", "value_length_mla",
  ]

  @Test("Every key of the file is the folder's", arguments: TinyModel.mixtures)
  func keys(name: String) throws {
    let file = try TinyModel(name).file
    let folder = try TinyModel.folder(name)
    for key in file.metadata.keys {
      if name.hasPrefix("deepseek") && name.hasSuffix("odd"),
        Self.ofLayout.contains(where: { key.hasSuffix("attention." + $0) })
      {
        continue
      }
      #expect(folder.metadata[key] == file.metadata[key], "\(key)")
    }
  }

  @Test("Written as a GGUF file they are the same", arguments: TinyModel.mixtures)
  func converted(name: String) throws {
    let folder = try TinyModel.folder(name)
    let writer = try CheckpointConversion(folder, to: .auto).writer(threadCount: 2)
    let file = try GGUFFile(bytes: writer.serialized())
    #expect(file.tensors.map(\.name) == folder.tensors.map(\.name))
    for record in folder.tensors {
      let (mine, other) = (try file.weight(named: record.name), try folder.weight(named: record.name))
      #expect(mine.dimensions == other.dimensions && mine.type == other.type, "\(record.name)")
      #expect(bytes(mine) == bytes(other), "\(record.name)")
    }
    for key in folder.metadata.keys { #expect(file.metadata[key] == folder.metadata[key], "\(key)") }
  }

  @Test("What chooses experts stays F32 whatever the others become", arguments: ["f16", "bf16"])
  func routers(target: String) throws {
    let target = try #require(CheckpointConversion.Target(rawValue: target))
    let writer = try CheckpointConversion(TinyModel.folder("qwen2moe-odd"), to: target).writer(threadCount: 2)
    let file = try GGUFFile(bytes: writer.serialized())
    #expect(try file.tensor(named: "blk.0.ffn_gate_inp.weight").type == .f32)
    #expect(try file.tensor(named: "blk.0.ffn_gate_exps.weight").type == (target == .f16 ? .f16 : .bf16))
  }
}
