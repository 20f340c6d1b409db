import Foundation
import MinkeCheckpoints
import MinkeHub
import MinkeTensors
import Testing

@Suite struct `Carrying a model to another machine` {
  /// A folder with a program and a small model, bundled, and the store that it is imported into.
  private struct Journey {
    let folder: TemporaryDirectory
    var program: String { folder.path + "/program" }
    var model: String { folder.path + "/Tiny-1M-Q8_0.gguf" }
    var bundle: String { folder.path + "/bundle" }
    var hub: Hub { Hub(store: Store(root: folder.path + "/other")) }

    init() throws {
      folder = try TemporaryDirectory()
      try folder.write("#!/bin/sh\necho it runs; exit\n", to: "program", executable: true)
      var writer = GGUFWriter()
      writer.set("general.architecture", .string("llama"))
      writer.set("general.name", .string("Tiny"))
      writer.set("general.license", .string("mit"))
      writer.add("one", dimensions: [32], type: .f32, bytes: [UInt8](repeating: 3, count: 128))
      try writer.write(to: model)
    }

    @discardableResult
    func write() throws -> Int {
      try BundleWriter(
        program: program, manifest: Manifest(describing: [model]), files: [model]
      ).write(to: bundle)
    }
  }

  @Test func `The program runs and the model arrives whole, under the name that its file suggests`()
    async throws
  {
    let journey = try Journey()
    let size = try journey.write()
    #expect(try FileManager.default.attributesOfItem(atPath: journey.bundle)[.size] as? Int == size)
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [journey.bundle]
    process.standardOutput = output
    try process.run()
    process.waitUntilExit()
    #expect(try output.fileHandleForReading.readToEnd() == Data("it runs\n".utf8))

    let manifest = try await journey.hub.importModel(from: journey.bundle)
    #expect(manifest.name.description == "tiny-1m:q8_0")
    #expect(manifest.license == "mit" && manifest.title == "Tiny" && manifest.architecture == "llama")
    guard case .stored(let found, let path) = try journey.hub.locate("tiny-1m") else {
      Issue.record("it is not in the store")
      return
    }
    #expect(found == manifest)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: path))
        == Data(contentsOf: URL(fileURLWithPath: journey.model)))
  }

  @Test func `A bundle lends its program to the next, without its model`() throws {
    let journey = try Journey()
    let size = try journey.write()
    let second = journey.folder.path + "/second"
    let writer = BundleWriter(
      program: journey.bundle, manifest: try Manifest(describing: [journey.model]), files: [journey.model])
    #expect(try writer.write(to: second) == size)
  }

  @Test func `A file with a changed byte is refused, and nothing of it stays`() async throws {
    let journey = try Journey()
    try journey.write()
    var bytes = try Data(contentsOf: URL(fileURLWithPath: journey.bundle))
    let range = try #require(try BundleFile(path: journey.bundle)).layout.files[0]
    bytes[range.upperBound - 1] ^= 1
    try bytes.write(to: URL(fileURLWithPath: journey.bundle))
    let error = await #expect(throws: HubError.self) {
      try await journey.hub.importModel(from: journey.bundle)
    }
    guard case .digestMismatch = error else {
      Issue.record("\(error as Any)")
      return
    }
    #expect(journey.hub.store.names().isEmpty)
    #expect(!journey.folder.contents(of: "other").contains { $0.hasPrefix("blobs/") })
  }

  @Test func `A bundle that cannot be finished leaves nothing`() throws {
    let journey = try Journey()
    let manifest = try Manifest(describing: [journey.model])
    try journey.folder.write("shorter", to: "Tiny-1M-Q8_0.gguf")
    let writer = BundleWriter(program: journey.program, manifest: manifest, files: [journey.model])
    #expect(throws: HubError.self) { try writer.write(to: journey.bundle) }
    #expect(journey.folder.contents() == ["Tiny-1M-Q8_0.gguf", "program"])
  }

  @Test(arguments: [
    ("Llama-3.2-1B-Instruct-Q4_K_M.gguf", "llama-3.2-1b-instruct:q4_k_m"),
    ("model-00001-of-00003.gguf", "model:latest"), ("Qwen3-0.6B.F16.gguf", "qwen3-0.6b:f16"),
    ("weird név !.gguf", "weird-n-v--:latest"), ("-.gguf", "model:latest"), ("q8_0.gguf", "q8_0:latest"),
    (
      String(repeating: "long", count: 40),
      String(String(repeating: "long", count: 40).prefix(64)) + ":latest"
    ),
  ])
  func `A file's name suggests a model's`(_ file: String, _ expected: String) throws {
    #expect(try ModelName(fileName: file).description == expected)
  }
}
