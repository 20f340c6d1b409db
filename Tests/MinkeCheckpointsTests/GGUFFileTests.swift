import MinkeCheckpoints
import MinkeTensors
import Testing

@Suite("A GGUF file is read")
struct GGUFFileTests {
  /// Three keys, two tensors, both with their data.
  static func small(version: UInt32 = 3) -> RawGGUF {
    var raw = RawGGUF(version: version, tensors: 2, keys: 3)
    raw.text("general.architecture", "llama")
    raw.uint32("llama.block_count", 2)
    raw.array("tokenizer.ggml.tokens", of: 8, count: 3)
    raw.string("a")
    raw.string("")
    raw.string([0xff, 0xfe])
    raw.tensor("token_embd.weight", [8, 3], type: 0)
    raw.tensor("output.weight", [32, 2], type: 2, offset: 96)
    raw.pad()
    raw.data(96 + 36)
    return raw
  }

  @Test("in versions 2 and 3", arguments: [2, 3] as [UInt32])
  func versions(version: UInt32) throws {
    let file = try GGUFFile(bytes: Self.small(version: version).bytes)
    #expect(file.version == version)
    #expect(file.metadata.keys == ["general.architecture", "llama.block_count", "tokenizer.ggml.tokens"])
    #expect(try file.metadata.requiredString("general.architecture") == "llama")
    #expect(try file.metadata.requiredInteger("llama.block_count", in: 1...100) == 2)
    try file.validateTensors()
    let tensor = try file.tensor(named: "output.weight")
    #expect(tensor.type == .q4_0)
    #expect(tensor.columns == 32 && tensor.rows == 2)
    #expect(tensor.byteRange.count == 36)
    let matrix = try tensor.matrix
    #expect(matrix.columns == 32 && matrix.rows == 2 && matrix.type == .q4_0)
    var row = [Float](repeating: 0, count: 32)
    unsafe row.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      unsafe dequantizeRow(matrix, row: 1, into: base)
    }
    withExtendedLifetime(file) {}
    // Blocks of the byte 7: the scale is the half float 0x0707, the codes 7 and 0, less 8.
    let scale = Float(0x0707) / 16_777_216
    #expect(row == (0..<32).map { $0 < 16 ? -scale : -8 * scale })
    #expect(tensor.byteRange.upperBound == file.fileSize)
  }

  @Test("with a view of its vocabulary")
  func strings() throws {
    let file = try GGUFFile(bytes: Self.small().bytes)
    let tokens = try file.metadata.requiredStrings("tokenizer.ggml.tokens")
    #expect(Array(tokens) == ["a", "", "\u{fffd}\u{fffd}"])
    #expect(tokens.bytes(at: 2) == [0xff, 0xfe])
    let (bytes, offsets) = tokens.concatenated()
    #expect(bytes == [0x61, 0xff, 0xfe])
    #expect(offsets == [0, 1, 1, 3])
  }

  @Test("up to the tensors when it is cut short")
  func truncated() throws {
    let bytes = Self.small().bytes
    let file = try GGUFFile(bytes: bytes.dropLast(1), name: "cut.gguf")
    #expect(try file.metadata.requiredString("general.architecture") == "llama")
    #expect(try file.tensor(named: "token_embd.weight").dimensions == [8, 3])
    let error = #expect(throws: CheckpointError.self) { try file.validateTensors() }
    #expect(error?.kind == .truncated)
    #expect(error?.place == .tensor("output.weight"))
    #expect(
      error?.description
        == "cut.gguf: tensor output.weight: found data up to byte \(bytes.count), beyond the end of the file, "
        + "expected at most \(bytes.count - 1), the length of the file; the file is incomplete: fetch it again"
    )
  }

  @Test("with types that are not supported, until they are used")
  func unsupportedType() throws {
    var raw = RawGGUF(tensors: 1)
    raw.tensor("blk.0.ffn_up.weight", [256, 2], type: 15)
    let file = try GGUFFile(bytes: raw.bytes, name: "m.gguf")
    #expect(file.tensors[0].typeName == "Q8_K")
    let error = #expect(throws: CheckpointError.self) { try file.tensor(named: "blk.0.ffn_up.weight") }
    #expect(error?.kind == .unsupported)
    #expect(
      error?.description.hasPrefix(
        "m.gguf: tensor blk.0.ffn_up.weight: found type Q8_K (15), which this version does not read, "
          + "expected F32, F16, Q4_0, ") == true)
  }
}
