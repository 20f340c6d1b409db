import Foundation
import MinkeCheckpoints
import MinkeTensors
import Testing

@Suite("Importance matrices")
struct ImportanceMatrixTests {
  static let matrix = ImportanceMatrix(
    entries: [
      "blk.0.attn_q.weight": .init(sums: [1, 2, 3, 6], counts: [4]),
      "blk.0.ffn_up_exps.weight": .init(sums: [8, 8, 8, 16, 0, 0, 0, 0], counts: [2, 0]),
    ], datasets: ["text.txt", "more.txt"], chunkCount: 7, chunkSize: 512)

  @Test("are read as they were written, with the names that other tools look for")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/a.gguf"
    try Self.matrix.write(to: path)
    var expected = Self.matrix
    expected.path = path
    #expect(try ImportanceMatrix(path: path) == expected)
    let file = try GGUFFile(path: path)
    #expect(
      file.metadata.keys == ["general.type", "imatrix.datasets", "imatrix.chunk_count", "imatrix.chunk_size"])
    #expect(file.tensors.map(\.name).contains("blk.0.ffn_up_exps.weight.in_sum2"))
    #expect(try file.tensor(named: "blk.0.ffn_up_exps.weight.in_sum2").dimensions == [4, 2])
    #expect(try file.tensor(named: "blk.0.ffn_up_exps.weight.counts").dimensions == [1, 2])
  }

  /// The bytes of the older format.
  static func legacy(_ name: String, calls: Int32, values: [Float], dataset: String? = "wiki") -> [UInt8] {
    var bytes = LittleEndianBytes()
    func appendText(_ text: String) {
      bytes.append(Int32(text.utf8.count))
      for byte in text.utf8 { bytes.append(byte) }
    }
    bytes.append(Int32(1))
    appendText(name)
    bytes.append(calls)
    bytes.append(Int32(values.count))
    for value in values { bytes.append(value.bitPattern) }
    if let dataset {
      bytes.append(Int32(9))
      appendText(dataset)
    }
    return bytes.bytes
  }

  @Test("are read in the older format too", arguments: ["wiki", nil])
  func legacyFormat(dataset: String?) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/a.dat"
    let bytes = Self.legacy("blk.0.attn_q.weight", calls: 2, values: [1, 2, 3, 6], dataset: dataset)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let matrix = try ImportanceMatrix(path: path)
    #expect(matrix.entries == ["blk.0.attn_q.weight": .init(sums: [1, 2, 3, 6], counts: [2])])
    #expect(matrix.chunkCount == (dataset == nil ? 0 : 9))
    #expect(matrix.datasets == (dataset.map { [$0] } ?? []))
  }

  @Test("that are damaged are refused with what is wrong, wherever they end")
  func damaged() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/a.dat"
    let whole = Self.legacy("blk.0.attn_q.weight", calls: 2, values: [1, 2, 3, 6], dataset: nil)
    for count in 0..<whole.count {
      try Data(whole.prefix(count)).write(to: URL(fileURLWithPath: path))
      #expect(throws: CheckpointError.self) { try ImportanceMatrix(path: path) }
    }
    for offset in stride(from: 0, to: 36, by: 1) {
      for byte in [UInt8(0x7F), 0xFF] {
        var bytes = whole
        bytes[offset] = byte
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        // Any answer but a trap, or memory that is not there.
        _ = try? ImportanceMatrix(path: path)
      }
    }
    var model = GGUFWriter()
    model.set("general.type", .string("model"))
    try model.write(to: path)
    let error = #expect(throws: CheckpointError.self) { try ImportanceMatrix(path: path) }
    #expect(error?.expected == "\"imatrix\"")
    var empty = Self.matrix
    empty.entries = [:]
    try empty.write(to: path)
    #expect(throws: CheckpointError.self) { try ImportanceMatrix(path: path) }
  }

  @Test("fit the model's matrices, or are refused")
  func shapes() throws {
    let matrix = Self.matrix
    #expect(try matrix.weights(of: "blk.1.attn_q.weight", dimensions: [4, 9]) == nil)
    #expect(try matrix.weights(of: "blk.0.attn_q.weight", dimensions: [4, 9]) != nil)
    #expect(try matrix.weights(of: "blk.0.ffn_up_exps.weight", dimensions: [4, 9, 2]) != nil)
    for dimensions in [[8, 9], [4, 9, 2], [Int.max, 9, 2], [3, 9]] {
      let error = #expect(throws: CheckpointError.self) {
        try matrix.weights(of: "blk.0.attn_q.weight", dimensions: dimensions)
      }
      #expect(error?.remedy == "the importance matrix is of another model")
    }
    for bad in [Float.nan, -1, .infinity] {
      var other = matrix
      other.entries["blk.0.attn_q.weight"]?.sums[2] = bad
      let error = #expect(throws: CheckpointError.self) {
        try other.weights(of: "blk.0.attn_q.weight", dimensions: [4, 9])
      }
      #expect(error?.found == "\(bad) for column 2")
    }
  }
}
