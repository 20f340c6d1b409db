import MinkeCheckpoints
import MinkeTensors
import Testing

@Suite("8-bit floats are multiplied by their scales")
struct ScaledWeightsTests {
  /// A folder whose down projection has 3 × 5 8-bit floats: 1, −1.5, the least subnormal, the largest, 0, in each row.
  private func folder(
    scales: [Float], shape: [Int], type: String = "F8_E4M3", name: String = "weight_scale_inv",
    block: String? = "[2, 3]"
  ) throws -> TinyFolder {
    var raw = RawSafetensors()
    raw.add("model.embed_tokens.weight", [6, 8], Array(repeating: 0, count: 48))
    let row: [UInt8] = [0x38, 0xBC, 0x01, 0x7E, 0x80]
    raw.add("model.layers.0.mlp.down_proj.weight", type, [3, 5], row + row + row)
    raw.add("model.layers.0.mlp.down_proj." + name, shape, scales)
    let block = block.map { ", \"weight_block_size\": \($0)" } ?? ""
    return try TinyFolder.configured(
      ["quantization_config": "{\"quant_method\": \"fp8\", \"fmt\": \"e4m3\"\(block)}"],
      ["model.safetensors": raw.bytes])
  }

  private let row: [Float] = [1, -1.5, 0x1p-9, 448, -0.0]

  @Test("one for each block, the last of which may be smaller")
  func blocks() throws {
    let checkpoint = try folder(scales: [1, 2, 4, 8], shape: [2, 2]).open()
    let tensor = try checkpoint.weight(named: "blk.0.ffn_down.weight")
    #expect(tensor.type == .bf16)
    #expect(tensor.stored == nil)
    func scaled(_ left: Float, _ right: Float) -> [Float] {
      zip(row, [left, left, left, right, right]).map { $0 * $1 }
    }
    #expect(try checkpoint.floats("blk.0.ffn_down.weight") == scaled(1, 2) + scaled(1, 2) + scaled(4, 8))
  }

  @Test("one for each row, or one for all", arguments: ["weight_scale", "weight_scale_inv"])
  func wider(name: String) throws {
    let rows = try folder(scales: [1, 2, 3], shape: [3, 1], name: name, block: nil).open()
    #expect(
      try rows.floats("blk.0.ffn_down.weight") == row + row.map { $0 * 2 } + row.map { $0 * 3 })
    for shape in [[], [1], [1, 1]] {
      let one = try folder(scales: [0.5], shape: shape, name: name, block: nil).open()
      #expect(try one.floats("blk.0.ffn_down.weight") == (row + row + row).map { $0 / 2 })
    }
  }

  @Test("Rounded to BF16 only where they are wanted so")
  func rounding() throws {
    // 1/3 has more bits than BF16.
    let checkpoint = try folder(scales: [1 / 3], shape: [1]).open()
    let tensor = try checkpoint.weight(named: "blk.0.ffn_down.weight")
    var bytes = [UInt8](repeating: 0, count: 2 * 5)
    unsafe bytes.withUnsafeMutableBytes { unsafe tensor.readRows(1..<2, into: $0) }
    #expect(bytes[0..<2] == [0xAB, 0x3E])
    #expect(try checkpoint.floats("blk.0.ffn_down.weight")[0] == 1 / 3)
  }

  @Test("What does not fit together is refused")
  func refusals() throws {
    func place(_ folder: TinyFolder) -> CheckpointError.Place? {
      #expect(throws: CheckpointError.self) { try folder.open().validateTensors() }?.place
    }
    let down = "model.layers.0.mlp.down_proj."
    #expect(place(try folder(scales: [1, 2, 3], shape: [1, 3])) == .tensor(down + "weight_scale_inv"))
    #expect(place(try folder(scales: [1, 2, .nan, 8], shape: [2, 2])) == .tensor(down + "weight_scale_inv"))
    #expect(place(try folder(scales: [1], shape: [1], type: "F8_E5M2")) == .tensor(down + "weight"))
    #expect(place(try folder(scales: [1], shape: [1], type: "U8")) == .tensor(down + "weight"))
    // Scales whose tensor is absent, and a tensor whose scales are.
    #expect(place(try folder(scales: [1], shape: [1], name: "other.weight_scale")) != nil)
    #expect(place(try folder(scales: [1], shape: [1], name: "input_scale")) == .tensor(down + "weight"))
    #expect(
      place(try TinyFolder.configured(["quantization_config": "{\"quant_method\": \"gptq\"}"]))
        == .key("quantization_config.quant_method"))
    for block in ["[0, 1]", "[1]", "\"x\"", "[128, 99999999999999]"] {
      #expect(
        place(try folder(scales: [1], shape: [1], block: block))
          == .key("quantization_config.weight_block_size"))
    }
  }
}
