import Foundation
import MinkeCheckpoints
import MinkeTensors
import Testing

@Suite("A folder is written as a GGUF file")
struct ConversionTests {
  private func convert(
    _ folder: TinyFolder, to target: CheckpointConversion.Target, as name: String = "out.gguf"
  ) throws -> GGUFFile {
    let path = folder.path + "/" + name
    let writer = try CheckpointConversion(folder.open(), to: target).writer(threadCount: 2)
    _ = try writer.write(to: path, partSize: .max, replacesExisting: false)
    return try GGUFFile(path: path)
  }

  @Test(
    "with every key, and every tensor in the type that was asked for",
    arguments: CheckpointConversion.Target.allCases)
  func whole(target: CheckpointConversion.Target) throws {
    let folder = try TinyFolder()
    let checkpoint = try folder.open()
    let file = try convert(folder, to: target)
    try file.validateTensors()
    for key in checkpoint.metadata.keys { #expect(file.metadata[key] == checkpoint.metadata[key], "\(key)") }
    #expect(file.tensors.map(\.name) == checkpoint.tensors.map(\.name))
    let matrix: ElementType = target == .f16 ? .f16 : target == .bf16 ? .bf16 : .f32
    #expect(try file.metadata.integer("general.file_type") == [.f32: 0, .f16: 1, .bf16: 32][matrix])
    for tensor in file.tensors {
      #expect(tensor.type == (tensor.dimensions.count == 1 ? .f32 : matrix))
      // The values have 11 bits, which half precision holds and BF16 rounds.
      let (written, exact) = (try file.floats(tensor.name), try checkpoint.floats(tensor.name))
      if tensor.type == .bf16 {
        #expect(zip(written, exact).allSatisfy { abs($0 - $1) <= abs($1) / 256 })
        #expect(zip(written, exact).allSatisfy { $0.bitPattern & 0xFFFF == 0 && $1.isFinite })
      } else {
        #expect(written == exact)
      }
    }
  }

  @Test("Rounding is to nearest even, as processors do it")
  func rounding() throws {
    // Bit patterns of float32 and what half precision and BF16 make of them.
    let cases: [(UInt32, half: UInt16, bfloat16: UInt16)] = [
      (0x3F80_1000, 0x3C00, 0x3F80), (0x3F80_3000, 0x3C02, 0x3F80), (0x3F80_1001, 0x3C01, 0x3F80),
      (0x3F80_8000, 0x3C04, 0x3F80), (0x3F81_8000, 0x3C0C, 0x3F82), (0x3F80_8001, 0x3C04, 0x3F81),
      (0x3300_0000, 0x0000, 0x3300), (0x3300_0001, 0x0001, 0x3300), (0x3880_0000, 0x0400, 0x3880),
      (0x387F_E000, 0x0400, 0x3880), (0xC77F_E000, 0xFBFF, 0xC780), (0x8000_0000, 0x8000, 0x8000),
      (0x7F80_0000, 0x7C00, 0x7F80), (0x7FC0_0000, 0x7E00, 0x7FC0), (0x7F80_0001, 0x7E00, 0x7FC0),
    ]
    var raw = RawSafetensors()
    raw.add("model.embed_tokens.weight", [cases.count, 1], cases.map { Float(bitPattern: $0.0) })
    let folder = try TinyFolder(["model.safetensors": raw.bytes])
    for (target, expected) in [
      (CheckpointConversion.Target.f16, cases.map(\.half)), (.bf16, cases.map(\.bfloat16)),
    ] {
      let file = try convert(folder, to: target, as: "\(target).gguf")
      let bytes = unsafe try file.tensor(named: "token_embd.weight").withBytes { unsafe Array($0) }
      let found = (0..<cases.count).map { UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8 }
      #expect(found == expected)
    }
  }

  @Test("A weight beyond half precision is refused, and nothing is left behind")
  func overflow() throws {
    var raw = RawSafetensors()
    raw.add("model.embed_tokens.weight", [6, 8], Array(repeating: 65_520, count: 48))
    let folder = try TinyFolder(["model.safetensors": raw.bytes])
    let before = try folder.folder.contents
    let error = #expect(throws: CheckpointError.self) { try convert(folder, to: .f16) }
    #expect(error?.kind == .outOfRange)
    #expect(error?.place == .tensor("token_embd.weight"))
    #expect(try folder.folder.contents == before)
    #expect(try convert(folder, to: .bf16).tensors.count == 1)
  }

  @Test("A file of that name is kept unless it is to be replaced")
  func existing() throws {
    let folder = try TinyFolder()
    _ = try convert(folder, to: .auto)
    let path = folder.path + "/out.gguf"
    let first = try Data(contentsOf: URL(fileURLWithPath: path))
    let contents = try folder.folder.contents
    #expect(throws: CheckpointError.self) { try convert(folder, to: .bf16) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == first)
    #expect(try folder.folder.contents == contents)
    let writer = try CheckpointConversion(folder.open(), to: .bf16).writer(threadCount: 2)
    _ = try writer.write(to: path, partSize: .max, replacesExisting: true)
    #expect(try GGUFFile(path: path).tensor(named: "token_embd.weight").type == .bf16)
  }

  @Test("In parts of the size that was asked for")
  func parts() throws {
    let folder = try TinyFolder()
    let writer = try CheckpointConversion(folder.open(), to: .auto).writer(threadCount: 2)
    let paths = try writer.write(to: folder.path + "/out.gguf", partSize: 500, replacesExisting: false)
    #expect(paths.count > 2)
    let file = try GGUFFile(path: paths[1])
    for tensor in file.tensors { #expect(try file.floats(tensor.name) == folder.open().floats(tensor.name)) }
    #expect(file.tensors.count == 14)
  }

  @Test("It can be stopped, and says how far it has come")
  func stopping() throws {
    let folder = try TinyFolder()
    let before = try folder.folder.contents
    var conversion = CheckpointConversion(try folder.open(), to: .auto)
    #expect(conversion.byteCount == (48 + 8 * 3 + 64 + 8 + 32 + 4 + 32 + 4 + 64 + 96) * 4)
    conversion.progress = { _ in false }
    let writer = try conversion.writer(threadCount: 2)
    #expect(throws: CheckpointError.self) { try writer.write(to: folder.path + "/out.gguf") }
    #expect(try folder.folder.contents == before)
  }
}
