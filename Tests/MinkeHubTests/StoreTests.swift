import Foundation
import MinkeHub
import Testing

@Suite struct `Keeping the store in order` {
  /// Two models that share a file, and one of its own.
  func fixture() async throws -> (PullFixture, shared: Manifest, other: Manifest) {
    let fixture = try PullFixture()
    fixture.server.add("o/one/a-Q4_0.gguf", PullFixture.bytes(50_000))
    fixture.server.add("o/two/a-Q4_0.gguf", PullFixture.bytes(50_000))
    fixture.server.add("o/three/b-Q4_0.gguf", PullFixture.bytes(60_000, seed: 2))
    let one = try await fixture.pull("hf.co/o/one")
    _ = try await fixture.pull("hf.co/o/two")
    return (fixture, one, try await fixture.pull("hf.co/o/three"))
  }

  @Test func `Removing a model keeps what others share`() async throws {
    let (fixture, one, other) = try await fixture()
    let store = fixture.hub.store
    let first = try store.remove([one.name])
    #expect(first.models == [one.name] && first.blobs == 0 && first.bytes == 0)
    #expect(try store.holds(one.files[0]))
    #expect(store.names().map(\.description) == ["hf.co/o/three:q4_0", "hf.co/o/two:q4_0"])
    let second = try store.remove([ModelName("hf.co/o/two:q4_0"), other.name])
    #expect(second.blobs == 2 && second.bytes == 110_000)
    #expect(fixture.kept == [])
    #expect(
      fixture.folder.contents(of: "home").filter { !$0.hasPrefix("staging") } == [
        "blobs", "chunks", "models",
      ])
    #expect(throws: HubError.self) { try store.remove([other.name]) }
  }

  @Test func `A manifest that cannot be read protects every blob`() async throws {
    let (fixture, one, other) = try await fixture()
    let store = fixture.hub.store
    try Data("{}".utf8).write(to: URL(fileURLWithPath: store.path(of: one.name)))
    #expect(throws: HubError.self) { try store.remove([other.name]) }
    #expect(throws: HubError.self) { try store.prune() }
    #expect(try store.holds(other.files[0]) && store.holds(one.files[0]))
    // The damaged one itself can be removed.
    #expect(try store.remove([one.name]).models == [one.name])
    _ = try store.prune()
    #expect(try store.holds(other.files[0]))
  }

  @Test func `Pruning removes what nobody names, and nothing else`() async throws {
    let (fixture, _, _) = try await fixture()
    let store = fixture.hub.store
    let before = fixture.folder.contents(of: "home")
    #expect(try store.prune() == Store.Removal())
    #expect(fixture.folder.contents(of: "home") == before)

    let digest = String(repeating: "d", count: 64)
    for folder in ["packed", "files/" + digest, "staging/partial-" + digest, "staging/sha256-" + digest] {
      try FileManager.default.createDirectory(
        atPath: store.root + "/" + folder, withIntermediateDirectories: true)
    }
    let kept = try #require(try store.manifest(of: store.names()[0])).files[0].digest.hex
    let elsewhere = String(repeating: "e", count: 64)
    for name in [
      "blobs/sha256-" + digest, "chunks/sha256-" + digest, "staging/partial-\(digest)/data", "staging/new-x",
      "staging/partial-\(digest).lock", "packed/\(digest)-avx2-1.pack", "packed/\(kept)-avx2-1.pack",
      "packed/\(elsewhere)-avx2-1.pack", "blobs/not-a-blob",
    ] { try Data("12345".utf8).write(to: URL(fileURLWithPath: store.root + "/" + name)) }
    try Data((String(repeating: "x", count: 10) + elsewhere).utf8).write(
      to: URL(fileURLWithPath: store.root + "/packed/source-1-2"))
    let removal = try store.prune()
    #expect(removal.blobs == 1 && removal.staging == 3 && removal.packed == 1 && removal.bytes > 10)
    #expect(
      Set(fixture.folder.contents(of: "home")).subtracting(before)
        == [
          "blobs/not-a-blob", "files", "packed", "packed/\(kept)-avx2-1.pack",
          "packed/\(elsewhere)-avx2-1.pack",
          "packed/source-1-2",
        ])
  }

  @Test func `Nothing is removed while something is fetched`() async throws {
    let data = PullFixture.bytes(200_000)
    let fixture = try PullFixture { request in
      guard request.path.hasPrefix("/cdn/") else { return nil }
      var response = StandInHub.part(of: data, request)
      response.rate = 400_000
      return response
    }
    fixture.server.add("o/r/m-Q4_0.gguf", data)
    let log = Log()
    let pull = Task { try await fixture.pull("hf.co/o/r", .init(), log) }
    _ = try await eventually { log.all.first }
    #expect(throws: HubError.storeInUse(root: fixture.hub.store.root)) { try fixture.hub.store.prune() }
    _ = try await pull.value
    #expect(try fixture.hub.store.prune() == Store.Removal())
  }

  @Test func `Verifying names the bad stretch and repair mends it`() async throws {
    let fixture = try PullFixture()
    let data = PullFixture.bytes(100_000)
    fixture.server.add("o/r/m-Q4_0.gguf", data)
    let manifest = try await fixture.pull("hf.co/o/r")
    let store = fixture.hub.store
    let file = manifest.files[0]
    #expect(try store.verify(file).isSound)

    let path = store.path(of: file.digest)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    var broken = data
    broken[5000] ^= 1
    broken[99_999] ^= 1
    try broken.write(to: URL(fileURLWithPath: path))
    let found = try store.verify(file)
    #expect(found.state == .damaged([4096..<8192, 98_304..<100_000]))
    let before = fixture.server.requests.count
    #expect(try await fixture.hub.repair(found, of: manifest) == 2)
    #expect(try store.verify(file).isSound)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == data)
    #expect(fixture.server.requests.dropFirst(before).allSatisfy { $0.headers["range"] != nil })

    // A source that has other bytes now cannot mend it.
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    try broken.write(to: URL(fileURLWithPath: path))
    fixture.server.add("o/r/m-Q4_0.gguf", PullFixture.bytes(100_000, seed: 8))
    await #expect(throws: HubError.self) {
      try await fixture.hub.repair(try store.verify(file), of: manifest)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == broken)

    try Data("short".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try store.verify(file).state == .cut(found: 5))
    try FileManager.default.removeItem(atPath: path)
    #expect(try store.verify(file).state == .missing)
  }

  @Test func `A damaged list of chunks does not hide damage`() async throws {
    let fixture = try PullFixture()
    let data = PullFixture.bytes(50_000)
    fixture.server.add("o/r/m-Q4_0.gguf", data)
    let file = try await fixture.pull("hf.co/o/r").files[0]
    let store = fixture.hub.store
    try Data("x".utf8).write(to: URL(fileURLWithPath: store.root + "/chunks/sha256-" + file.digest.hex))
    #expect(try store.verify(file).isSound)
    let path = store.path(of: file.digest)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    try PullFixture.bytes(50_000, seed: 3).write(to: URL(fileURLWithPath: path))
    #expect(try store.verify(file).state == .damaged(nil))
  }
}

@Suite struct `The catalogue` {
  @Test func `Every entry is well formed and plausible`() throws {
    let all = try CatalogueFile.builtIn().entries
    let entries = try all.map { try $0.get() }
    #expect(entries.count > 45 && Catalogue.builtIn.entries == entries)
    #expect(Set(entries.map(\.name)).count == entries.count)
    #expect(Catalogue.builtIn.defaultModel?.description == "smollm2:135m")
    for entry in entries {
      let name = entry.name.description
      #expect(!entry.title.isEmpty && !entry.license.isEmpty && !entry.architecture.isEmpty, "\(name)")
      // Weights of 3 to 17 bits a parameter.
      let bits = Double(entry.size) * 8 / Double(try #require(entry.parameters, "\(name)"))
      #expect((3...17).contains(bits), "\(name) \(bits)")
      #expect(entry.contextLength ?? 0 >= 8192, "\(name)")
      if let cache = entry.cacheBytesPerToken { #expect((1000...2_000_000).contains(cache), "\(name)") }
      switch entry.source {
      case .packages(let file):
        #expect(!file.parts.isEmpty && file.room > file.file.size && file.file.size == entry.size, "\(name)")
      case .repository(_, _, let format):
        if format == .gguf {
          #expect(Quantization(entry.quantization)?.isReadable == true, "\(name)")
        }
      }
    }
    // One of a family at most is its default.
    for family in Dictionary(grouping: entries, by: \.name.name).values {
      #expect(family.count(where: \.isDefault) <= 1)
    }
  }

  @Test(arguments: [
    ("deepseek-r1:1.5b", "DeepSeek-R1-Distill-Qwen-1.5B, a Qwen2.5-Math-1.5B fine-tuned on R1's samples"),
    ("deepseek-r1:8b", "DeepSeek-R1-Distill-Llama-8B, a Llama-3.1-8B fine-tuned on R1's samples"),
    ("deepseek-r1:70b", "DeepSeek-R1-Distill-Llama-70B, a Llama-3.3-70B-Instruct fine-tuned on R1's samples"),
  ]) func `A distillation is named as what it is`(name: String, title: String) throws {
    let entry = try #require(Catalogue.builtIn[try ModelName(name)])
    #expect(entry.title == title && entry.base != nil)
  }

  @Test(
    arguments: [
      ("deepseek-r1", "deepseek-r1:7b", nil), ("deepseek-r1:latest", "deepseek-r1:7b", nil),
      ("deepseek-r1:7b-q8_0", "deepseek-r1:7b", "Q8_0"), ("qwen3:30b-a3b", "qwen3:30b-a3b", nil),
      ("qwen3:30b-a3b-q4_k_s", "qwen3:30b-a3b", "Q4_K_S"), ("gemma3:270m-it", "gemma3:270m-it", nil),
      ("gemma3", "gemma3:4b", nil), ("Qwen3:8B", "qwen3:8b", nil),
    ] as [(String, String, String?)]) func `Names mean what users expect`(
      text: String, expected: String, quantization: String?
    ) throws
  {
    let hub = Hub(store: Store(root: "/nowhere"))
    let found = try #require(try hub.offered(text))
    #expect(found.entry.name.description == expected && found.quantization?.name == quantization)
    guard case .offered(let entry, let located) = try hub.locate(text) else {
      Issue.record("not offered")
      return
    }
    #expect(entry == found.entry && located == found.quantization)
  }

  @Test(arguments: ["deepseek-r1:9b", "deepseek-r1:7b-q8", "smollm2:135m-q8_0", "qwen4", "deepseek-r1:7b-"])
  func `Other names are not made up`(text: String) throws {
    #expect(try Hub(store: Store(root: "/nowhere")).offered(text) == nil)
  }

  @Test func `Memory grows with the context`() throws {
    let entry = try #require(Catalogue.builtIn[try ModelName("deepseek-r1:7b")])
    let (small, large) = (
      try #require(entry.memory(contextLength: 4096)), try #require(entry.memory(contextLength: 131_072))
    )
    // 28 layers, 4 heads of keys and values, 128 wide, 2 bytes.
    #expect(large - small == (131_072 - 4096) * 28 * 4 * 128 * 2 * 2)
    #expect(small > entry.size && small < entry.size * 6 / 5)
  }

  @Test func `An entry is pulled from its repository, by either hub`() async throws {
    let fixture = try PullFixture()
    let data = PullFixture.bytes(40_000)
    fixture.server.add("unsloth/DeepSeek-R1-Distill-Qwen-7B-GGUF/x-Q4_K_M.gguf", data)
    fixture.server.add(
      "unsloth/DeepSeek-R1-Distill-Qwen-7B-GGUF/x-Q8_0.gguf", PullFixture.bytes(80_000, seed: 2))
    let hub = Hub(store: fixture.hub.store, network: fixture.hub.network)
    let entry = try #require(try hub.offered("deepseek-r1")).entry
    let (manifest, _) = try await hub.fetch(entry)
    #expect(manifest.name.description == "deepseek-r1:7b" && manifest.base == "Qwen2.5-Math-7B")
    #expect(manifest.title.contains("fine-tuned on R1's samples") && manifest.license.hasPrefix("MIT"))
    let (other, _) = try await hub.fetch(entry, .init(quantization: "Q8_0"))
    #expect(other.name.description == "deepseek-r1:7b-q8_0")
    for name in ["deepseek-r1", "deepseek-r1:7b", "deepseek-r1:7b-q8_0"] {
      guard case .stored(let found, _) = try hub.locate(name) else {
        Issue.record("\(name) is not stored")
        continue
      }
      #expect(found.name == (name.hasSuffix("q8_0") ? other.name : manifest.name))
    }
  }

  @Test func `Sizes are written as people read them`() {
    #expect(byteText(0) == "0 B")
    #expect(byteText(999) == "999 B")
    #expect(byteText(98_362_432) == "98.4 MB")
    #expect(byteText(999_999) == "1.0 MB")
    #expect(byteText(.max) == "9.2 EB")
  }
}
