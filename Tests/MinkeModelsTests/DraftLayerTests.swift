import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

@Suite("Layers that predict tokens further ahead")
struct DraftLayerTests {
  let name = "deepseek-v3-regular"

  func withDraft(_ layers: UInt32, count: UInt32? = nil) throws -> GGUFFile {
    let tiny = try TinyModel(name)
    let blocks = UInt32(try ModelConfiguration(tiny.file).layerCount)
    return try tiny.edited(
      [
        "deepseek2.block_count": .uint32(count ?? blocks + layers),
        "deepseek2.nextn_predict_layers": .uint32(layers),
      ],
      adding: [
        (
          "blk.\(blocks).nextn.enorm.weight", [4], .f32, bytes(of: [1, 1, 1, 1])
        ), ("blk.\(blocks).ffn_gate_exps.weight", [2, 2, 1], .f32, bytes(of: [1, 2, 3, 4])),
      ])
  }

  @Test("are passed over")
  func passedOver() throws {
    let tiny = try TinyModel(name)
    let (with, without) = (try Runner(withDraft(1)), try Runner(tiny.file))
    let logits = try with.logits(tiny.tokens, parts: [40], cache: with.cache())
    #expect(try logits == without.logits(tiny.tokens, parts: [40], cache: without.cache()))
    #expect(with.model.weightByteCount == without.model.weightByteCount)
  }

  @Test("are tensors too many where the file counts none")
  func uncounted() throws {
    let blocks = UInt32(try ModelConfiguration(TinyModel(name).file).layerCount)
    #expect(
      message { _ = try Runner(withDraft(0, count: blocks)) }
        .contains("a tensor that the architecture does not have"))
    #expect(
      message { _ = try Runner(withDraft(9, count: 9)) }.contains("nextn_predict_layers"))
  }
}
