import Foundation
import MinkeCheckpoints
import Testing

@Suite("A program that carries a model")
struct BundleTests {
  /// A file of a program, the model of one small tensor in two parts if asked, and a manifest.
  private static func bundle(_ models: [[UInt8]], program: Int = 1000) throws -> [UInt8] {
    let manifest = Array("what it is".utf8)
    let layout = try #require(
      BundleLayout(programLength: program, fileLengths: models.map(\.count), manifestLength: manifest.count))
    var bytes = [UInt8](repeating: 0xAB, count: program)
    for (model, range) in zip(models, layout.files) {
      bytes += [UInt8](repeating: 0, count: range.lowerBound - bytes.count) + model
    }
    bytes += manifest + layout.tail
    #expect(bytes.count == layout.count)
    return bytes
  }

  private static func write(_ bytes: [UInt8], in folder: TemporaryFolder) throws -> String {
    let path = folder.path + "/bundle"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test("gives the model that went in, where it lies")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let model = try Goldens.bytes("tensors.gguf")
    let path = try Self.write(Self.bundle([model]), in: folder)
    let bundle = try #require(try BundleFile(path: path))
    #expect(bundle.manifest == Array("what it is".utf8))
    #expect(bundle.layout.files == [BundleLayout.alignment..<(BundleLayout.alignment + model.count)])
    #expect(bundle.layout.programLength == BundleLayout.alignment)
    let carried = try GGUFFile(path: path)
    let alone = try GGUFFile(path: Goldens.path("tensors.gguf"))
    #expect(carried.tensors == alone.tensors)
    #expect(carried.fileSize == alone.fileSize)
    for tensor in alone.tensors where tensor.type != nil {
      #expect(try carried.tensor(named: tensor.name).contents == alone.tensor(named: tensor.name).contents)
    }
  }

  @Test("gives a model in parts")
  func parts() throws {
    let folder = try TemporaryFolder()
    let names = (1...3).map { "split-0000\($0)-of-00003.gguf" }
    let path = try Self.write(Self.bundle(names.map { try Goldens.bytes($0) }), in: folder)
    let alone = try GGUFFile(path: Goldens.path(names[0]))
    #expect(try GGUFFile(path: path).tensors.map(\.name) == alone.tensors.map(\.name))
  }

  @Test("is told from files that are none")
  func none() throws {
    let folder = try TemporaryFolder()
    for bytes in [[], [0], [UInt8](repeating: 0, count: 48), try Goldens.bytes("tensors.gguf")] {
      #expect(try BundleFile(path: Self.write(bytes, in: folder)) == nil)
    }
  }

  @Test("is refused where a number leads elsewhere")
  func hostile() throws {
    let folder = try TemporaryFolder()
    let bytes = try Self.bundle([try Goldens.bytes("tensors.gguf")])
    // The table's two numbers, then the trailer's four.
    let places = [64, 56, 32, 24, 16, 8].map { bytes.count - $0 }
    let numbers: [UInt64] = [0, 1, 65_535, 65_537, 1 << 20, 1 << 40, .max / 2, .max - 47, .max]
    for place in places {
      for number in numbers {
        var damaged = bytes
        for byte in 0..<8 { damaged[place + byte] = UInt8(truncatingIfNeeded: number >> UInt64(8 * byte)) }
        if damaged == bytes { continue }
        let path = try Self.write(damaged, in: folder)
        #expect(throws: CheckpointError.self) { _ = try GGUFFile(path: path) }
      }
    }
    // Cut short it does not end like a bundle; with an end that is not its own it is refused.
    let cut = try Self.write(Array(bytes.dropFirst(7)), in: folder)
    #expect(throws: CheckpointError.self) { _ = try BundleFile(path: cut) }
  }

  @Test("has no layout where lengths overflow or a file is empty")
  func overflow() {
    #expect(BundleLayout(programLength: .max - 5, fileLengths: [1], manifestLength: 0) == nil)
    #expect(BundleLayout(programLength: 1, fileLengths: [.max, 1], manifestLength: 0) == nil)
    #expect(BundleLayout(programLength: 1, fileLengths: [0], manifestLength: 0) == nil)
    #expect(BundleLayout(programLength: 1, fileLengths: [], manifestLength: 0) == nil)
  }
}

@Suite("The libraries of a program")
struct ELFProgramTests {
  @Test("are none of a file that is no program")
  func notELF() throws {
    #expect(try ELFProgram(path: Goldens.path("tensors.gguf")) == nil)
  }

  #if os(Linux)
    @Test("are those that the loader is asked for")
    func dynamic() throws {
      let tests = try #require(try ELFProgram(path: "/proc/self/exe"))
      let libraries = try #require(tests.libraries)
      #expect(libraries.contains { $0.hasPrefix("libc.so") })
      #expect(!tests.uncommonLibraries.contains { $0.hasPrefix("libc.so") })
    }
  #endif

  @Test("are read from damaged headers without harm")
  func damaged() throws {
    #if os(Linux)
      let folder = try TemporaryFolder()
      let path = folder.path + "/program"
      let whole = Array(
        try Data(contentsOf: URL(fileURLWithPath: "/bin/sh"), options: .alwaysMapped).prefix(1 << 20))
      var random = SeededRandom(11)
      for _ in 0..<300 {
        var bytes = whole
        for _ in 0..<8 {
          bytes[Int.random(in: 16..<1024, using: &random)] =
            [0, 1, 0x7F, 0xFF].randomElement(using: &random) ?? 0
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        _ = try ELFProgram(path: path)?.libraries
      }
    #endif
  }
}
