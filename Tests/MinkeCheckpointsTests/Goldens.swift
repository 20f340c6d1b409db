import Foundation
import MinkeCheckpoints
import MinkeTensors
import Testing

/// Files that the `gguf` Python package wrote; see `Goldens/make_gguf.py`.
enum Goldens {
  static func path(_ name: String) throws -> String {
    try #require(Bundle.module.url(forResource: "Goldens", withExtension: nil))
      .appendingPathComponent(name).path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// What `metadata.gguf` says, in order.
  static let metadata: [(key: String, value: MetadataValue)] = [
    ("general.architecture", .string("llama")),
    ("an.uint8", .uint8(255)),
    ("an.int8", .int8(-128)),
    ("an.uint16", .uint16(65535)),
    ("an.int16", .int16(-32768)),
    ("an.uint32", .uint32(.max)),
    ("an.int32", .int32(.min)),
    ("an.uint64", .uint64(.max)),
    ("an.int64", .int64(.min)),
    ("a.float32", .float32(1.5)),
    ("a.float64", .float64(-0.1)),
    ("a.bool", .bool(true)),
    ("another.bool", .bool(false)),
    ("a.string", .string("whale 🐋 鲸\n")),
    ("strings", .array(MetadataArray(byteStrings: [[0x61], [], Array("é鲸🐋".utf8), [0xff, 0xc3]]))),
    ("uint8s", .array(MetadataArray([0, 255] as [UInt8]))),
    ("int8s", .array(MetadataArray([-128, 127] as [Int8]))),
    ("uint16s", .array(MetadataArray([0, 65535] as [UInt16]))),
    ("int16s", .array(MetadataArray([-32768, 32767] as [Int16]))),
    ("uint32s", .array(MetadataArray([0, .max] as [UInt32]))),
    ("int32s", .array(MetadataArray([.min, .max] as [Int32]))),
    ("uint64s", .array(MetadataArray([0, 9_223_372_036_854_775_807] as [UInt64]))),
    ("int64s", .array(MetadataArray([.min, .max] as [Int64]))),
    ("float32s", .array(MetadataArray([0, -1000, 1e-6] as [Float]))),
    ("float64s", .array(MetadataArray([0.1, 1e300]))),
    ("bools", .array(MetadataArray([true, false, true]))),
    (
      "lists",
      .array(MetadataArray(arrays: [MetadataArray([1, 2, 3] as [Int32]), MetadataArray([-4] as [Int32])]))
    ),
  ]

  /// The types of `tensors.gguf`, in order.
  static let types: [ElementType] = [
    .f32, .f16, .bf16, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_nl,
    .iq4_xs, .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s, .tq1_0, .tq2_0, .mxfp4,
  ]

  /// The data of tensor `number`.
  static func contents(_ number: Int, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + number) }
  }
}

extension StoredTensor {
  /// A copy of the data.
  var contents: [UInt8] { unsafe withBytes { unsafe Array($0) } }
}

@Suite("Files of the gguf package are read exactly")
struct GoldenTests {
  @Test("every type of metadata")
  func metadata() throws {
    let file = try GGUFFile(path: Goldens.path("metadata.gguf"))
    #expect(file.metadata.keys == Goldens.metadata.map(\.key))
    for (key, value) in Goldens.metadata { #expect(file.metadata[key] == value, "\(key)") }
    #expect(try file.metadata.string("a.string") == "whale 🐋 鲸\n")
    #expect(try file.metadata.integers("int8s") == [-128, 127])
    #expect(try file.metadata.integers("uint32s") == [0, 4_294_967_295])
    #expect(try file.metadata.floats("float32s") == [0, -1000, 1e-6])
    #expect(try file.metadata.bools("bools") == [true, false, true])
    #expect(try file.metadata.requiredStrings("strings")[2] == "é鲸🐋")
  }

  @Test("every supported type of tensor")
  func tensors() throws {
    #expect(Set(Goldens.types) == Set(ElementType.allCases))
    let file = try GGUFFile(path: Goldens.path("tensors.gguf"))
    try file.validateTensors()
    #expect(file.tensors.count == Goldens.types.count)
    for (number, type) in Goldens.types.enumerated() {
      let tensor = try file.tensor(named: file.tensors[number].name, dimensions: [256, 2])
      #expect(tensor.type == type)
      #expect(tensor.byteRange.lowerBound.isMultiple(of: 64))
      #expect(
        tensor.contents
          == Goldens.contents(number, count: 512 / type.blockSize * type.bytesPerBlock))
    }
  }

  @Test("a model in three parts, whichever part is named", arguments: 1...3)
  func split(part: Int) throws {
    let file = try GGUFFile(path: Goldens.path("split-0000\(part)-of-00003.gguf"))
    #expect(file.parts.count == 3)
    #expect(try file.metadata.string("general.name") == "Three parts")
    #expect(file.tensors.map(\.name) == (0..<5).map { "blk.\($0).weight" })
    try file.validateTensors()
    for number in 0..<5 {
      let tensor = try file.tensor(named: "blk.\(number).weight")
      #expect(tensor.contents == Goldens.contents(number, count: 68))
    }
  }
}

@Suite("The writer writes what the gguf package writes, byte for byte")
struct WriterGoldenTests {
  @Test func metadata() throws {
    var writer = GGUFWriter()
    for (key, value) in Goldens.metadata { writer.set(key, value) }
    #expect(try writer.serialized() == Goldens.bytes("metadata.gguf"))
  }

  @Test func tensors() throws {
    var writer = GGUFWriter()
    writer.set("general.architecture", .string("llama"))
    writer.set("general.alignment", .uint32(64))
    for (number, type) in Goldens.types.enumerated() {
      let bytes = Goldens.contents(number, count: 512 / type.blockSize * type.bytesPerBlock)
      writer.add(
        "tensor.\(type.description.lowercased()).weight", dimensions: [256, 2], type: type, bytes: bytes)
    }
    #expect(try writer.serialized() == Goldens.bytes("tensors.gguf"))
  }
}
