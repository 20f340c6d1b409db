import Foundation
import MinkeCheckpoints
import MinkeTensors
import Testing

@Suite("Models with experts are quantised")
struct MixtureQuantizationTests {
  private func quantized(_ source: any Checkpoint, _ type: FileType, in folder: String) throws -> GGUFFile {
    let path = folder + "/\(UUID().uuidString).gguf"
    try ModelQuantizer(QuantizationPlan(source, type), threadCount: 2)
      .write(to: path, replacing: false, source: source)
    return try GGUFFile(path: path)
  }

  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "minke-mixture-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func floats(_ tensor: CheckpointTensor) throws -> [Float] {
    var values = [Float](repeating: 0, count: tensor.rows * tensor.columns)
    try unsafe values.withUnsafeMutableBufferPointer {
      try unsafe tensor.readFloats(0..<tensor.rows, into: $0)
    }
    return values
  }

  /// Whether a tensor is one that decides much and stays as it is.
  private func isKept(_ record: TensorRecord) -> Bool {
    record.dimensions.count == 1 || record.name.contains("ffn_gate_inp")
      || record.name.contains("exp_probs_b")
  }

  @Test(
    "with their experts near what they were, and routers, their biases and norms as they were",
    arguments: TinyModel.mixtures)
  func file(name: String) throws {
    let source = try TinyModel(name).file
    try withFolder { folder in
      let file = try quantized(source, .q8_0, in: folder)
      try file.validateTensors()
      #expect(file.tensors.map(\.name) == source.tensors.map(\.name))
      #expect(file.tensors.contains { $0.dimensions.count == 3 })
      for (after, before) in zip(file.tensors, source.tensors) {
        #expect(after.dimensions == before.dimensions)
        let isWhole = before.dimensions[0].isMultiple(of: ElementType.q8_0.blockSize)
        let expected: ElementType? = isKept(before) ? before.type : isWhole ? .q8_0 : .f16
        #expect(after.type == expected, "\(before.name)")
        let (left, right) = (
          try floats(source.weight(named: before.name)), try floats(file.weight(named: before.name))
        )
        // Half a step of a block whose largest is 127.
        let largest = left.reduce(0) { max($0, abs($1)) }
        let tolerance = isKept(before) ? 0 : largest / 200
        #expect(zip(left, right).allSatisfy { abs($0 - $1) <= tolerance }, "\(before.name)")
      }
    }
  }

  @Test("from a folder as from its file", arguments: TinyModel.mixtures.filter { $0.hasSuffix("regular") })
  func folder(name: String) throws {
    let (file, checkpoint) = (try TinyModel(name).file, try TinyModel.folder(name))
    try withFolder { folder in
      for type in [FileType.q4_K_M, .q8_0] {
        let (left, right) = (
          try quantized(file, type, in: folder), try quantized(checkpoint, type, in: folder)
        )
        #expect(Set(left.tensors.map(\.name)) == Set(right.tensors.map(\.name)))
        for record in left.tensors {
          let (mine, other) = (try left.tensor(named: record.name), try right.tensor(named: record.name))
          #expect(mine.type == other.type && mine.dimensions == other.dimensions, "\(record.name)")
          let isSame = unsafe mine.withBytes { mine in
            unsafe other.withBytes { other in unsafe mine.elementsEqual(other) }
          }
          #expect(isSame, "\(record.name)")
        }
      }
    }
  }
}
