import Foundation
import MinkeCheckpoints
import MinkeTensors
import Testing

@Suite("The matrices of experts are quantised each by itself")
struct ExpertQuantizationTests {
  private static let (columns, rows, experts) = (256, 8, 3)
  private static let tensorName = "blk.0.ffn_down_exps.weight"

  /// The weights of expert `index`, larger with each.
  private static func weights(_ index: Int) -> [Float] {
    var random = SeededRandom(UInt64(index))
    return (0..<columns * rows).map { _ in Float.random(in: -1...1, using: &random) * Float(index + 1) }
  }

  /// Σ x² of the columns of expert `index`.
  private static func sums(_ index: Int) -> [Float] {
    (0..<columns).map { Float(($0 * (index + 3)) % 17) }
  }

  /// The bytes of a tensor of these dimensions and values as it is quantised.
  private func quantized(
    _ values: [Float], _ dimensions: [Int], _ type: FileType, _ entry: ImportanceMatrix.Entry? = nil
  ) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let (source, target) = (folder.path + "/source.gguf", folder.path + "/target.gguf")
    var writer = GGUFWriter()
    writer.set("general.architecture", .string("deepseek2"))
    writer.set("deepseek2.block_count", .uint32(1))
    writer.set("deepseek2.expert_count", .uint32(UInt32(Self.experts)))
    var bytes = LittleEndianBytes()
    for value in values { bytes.append(value.bitPattern) }
    writer.add(Self.tensorName, dimensions: dimensions, type: .f32, bytes: bytes.bytes)
    try writer.write(to: source)
    let file = try GGUFFile(path: source)
    let importance = entry.map {
      ImportanceMatrix(entries: [Self.tensorName: $0], datasets: [], chunkCount: 1, chunkSize: 512)
    }
    let plan = try QuantizationPlan(file, type, importance: importance)
    try ModelQuantizer(plan, threadCount: 2).write(to: target, replacing: false, source: file)
    let tensor = try GGUFFile(path: target).tensor(named: Self.tensorName, dimensions: dimensions)
    #expect(tensor.type != .f32)
    #expect(plan.summary.elementCount == values.count)
    #expect(plan.summary.bytesAfter == tensor.byteRange.count)
    return tensor.contents
  }

  @Test("into the bytes that each has alone", arguments: [FileType.q8_0, .q4_K_M, .iq4_xs, .bf16])
  func alone(type: FileType) throws {
    let all = (0..<Self.experts).flatMap(Self.weights)
    let together = try quantized(all, [Self.columns, Self.rows, Self.experts], type)
    let apart = try (0..<Self.experts).flatMap {
      try quantized(Self.weights($0), [Self.columns, Self.rows], type)
    }
    #expect(together == apart)
  }

  @Test("with the importance of its own columns", arguments: [FileType.q4_K_M, .iq4_xs])
  func importance(type: FileType) throws {
    let all = (0..<Self.experts).flatMap(Self.weights)
    let dimensions = [Self.columns, Self.rows, Self.experts]
    // The last expert met no token.
    let counts: [Float] = [5, 1, 0]
    let entry = ImportanceMatrix.Entry(sums: (0..<Self.experts).flatMap(Self.sums), counts: counts)
    let together = try quantized(all, dimensions, type, entry)
    #expect(try together != quantized(all, dimensions, type))
    let apart = try (0..<Self.experts).flatMap {
      try quantized(
        Self.weights($0), [Self.columns, Self.rows], type,
        .init(sums: Self.sums($0), counts: [counts[$0]]))
    }
    #expect(together == apart)
  }
}
