import Foundation
import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

@Suite("A quantised model runs, with logits close to the original's")
struct QuantizedModelTests {
  /// What the logits of a tiny random model, which span some twenty, may be off by, root mean square. Its rows have 64
  /// columns, so that types of 256 become those of 32.
  static let tolerances: [FileType: Float] = [
    .f32: 1e-4, .f16: 0.01, .bf16: 0.05, .q8_0: 0.15, .q6_K: 0.15, .q5_K_M: 0.6, .q5_1: 0.6, .q5_0: 0.7,
    .q4_K_M: 0.7, .q4_K_S: 0.7, .q4_1: 1.2, .q4_0: 1.4, .iq4_nl: 1.3, .iq4_xs: 1.3, .q3_K_M: 1.3, .q2_K: 1.3,
  ]

  @Test("for every file type", arguments: FileType.allCases)
  func logits(type: FileType) throws {
    let tiny = try TinyModel("llama-regular")
    let file = try tiny.quantized(type)
    let runner = try Runner(file)
    let logits = try runner.logits(tiny.tokens, parts: [tiny.tokens.count], cache: runner.cache())
    let square = zip(logits, tiny.logits).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let error = (square / Float(logits.count)).squareRoot()
    #expect(error < (try #require(Self.tolerances[type])))
  }

  @Test("in every family", arguments: TinyModel.names)
  func families(name: String) throws {
    let tiny = try TinyModel(name)
    let file = try tiny.quantized(.q8_0)
    #expect(file.tensors.contains { $0.type == .q8_0 || $0.type == .f16 })
    let runner = try Runner(file)
    let logits = try runner.logits(tiny.tokens, parts: [tiny.tokens.count], cache: runner.cache())
    #expect(largestDifference(logits, tiny.logits) < 2)
  }
}

extension TinyModel {
  /// The model's file, quantised.
  fileprivate func quantized(_ type: FileType) throws -> GGUFFile {
    let path = NSTemporaryDirectory() + "minke-quantized-\(UUID().uuidString).gguf"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let plan = try QuantizationPlan(file, type)
    try ModelQuantizer(plan, threadCount: 2).write(to: path, replacing: false, source: file)
    return try GGUFFile(path: path)
  }
}
