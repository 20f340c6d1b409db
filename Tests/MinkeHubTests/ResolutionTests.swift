import Foundation
import MinkeHub
import Testing

@Suite struct `What MODEL means` {
  @Test(arguments: [
    ("a.gguf", ModelReference.path("a.gguf")), ("A.GGUF", .path("A.GGUF")), ("./a", .path("./a")),
    ("smollm2", .name("smollm2", tag: nil)), ("SmolLM2:135M", .name("smollm2", tag: "135m")),
    ("What is it?", .unreadable("What is it?", nil)), ("..", .unreadable("..", nil)),
    ("", .unreadable("", nil)),
    ("hf.co", .name("hf.co", tag: nil)), ("a/b", .path("a/b")),
    (
      "hf.co/a/b",
      .remote(.init(place: .repository(.huggingFace, try! .init(owner: "a", name: "b"), revision: nil)))
    ),
    ("ollama:qwen3:4b", .foreign(.ollama, "qwen3:4b")),
    (
      "modelscope.cn/a/b:x",
      .remote(
        .init(place: .repository(.modelScope, try! .init(owner: "a", name: "b"), revision: nil), tag: "x"))
    ),
    ("url/h/f:12345678", .name("url/h/f", tag: "12345678")),
  ]) func `Text alone decides between path and name`(text: String, expected: ModelReference) {
    #expect(ModelReference(text) == expected)
  }

  @Test func `A name without a tag prefers what is here`() async throws {
    let index = try FakeIndex()
    let first = try index.offer(["first"], name: "model")
    var second = first
    second.name = try ModelName("model:other")
    let hub = index.hub(.works, entries: [first, second])
    #expect(try hub.locate("model") == .offered(first, nil))

    let other = try await hub.fetch(second)
    #expect(try hub.locate("model") == .stored(other.manifest, path: other.path))
    let preferred = try await hub.fetch(first)
    #expect(try hub.locate("model") == .stored(preferred.manifest, path: preferred.path))
    #expect(hub.knownNames().map(\.description) == ["model:test", "model:other"])

    let without = Hub(store: index.store, catalogue: Catalogue(entries: []))
    #expect(throws: HubError.ambiguousModel(found: "model", candidates: ["model:other", "model:test"])) {
      try without.locate("model")
    }
  }

  @Test func `An unknown name is answered with near ones`() throws {
    let hub = Hub(store: Store(root: "/nowhere"))
    let error = #expect(throws: HubError.self) { try hub.locate("smolm2") }
    guard case .unknownModel("smolm2", let near, let known)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(near == ["smollm2:135m"])
    #expect(known.count == hub.catalogue.entries.count)
    #expect(error?.description.contains("did you mean smollm2:135m?") == true)
    #expect(throws: HubError.noSuchFile(path: "no/such.gguf")) { try hub.locate("no/such.gguf") }
  }

  @Test func `A damaged store is reported, not believed`() async throws {
    let index = try FakeIndex()
    let entry = try index.offer(["sound"])
    let hub = index.hub(.works, entries: [entry])
    let (_, path) = try await hub.fetch(entry)

    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    try Data("soun".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: HubError.damagedBlob(path: path, found: 4, expected: 5)) { try hub.locate("tiny") }
    try FileManager.default.removeItem(atPath: path)
    #expect(try hub.locate("tiny") == .offered(entry, nil))

    let manifest = hub.store.path(of: entry.name)
    for text in ["", "{}", "[1]", "{\"schema\": 2}", #"{"name": "../x:y"}"#, "\u{0}\u{0}"] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: manifest))
      let error = #expect(throws: HubError.self) { try hub.locate("tiny") }
      #expect(error?.description.contains(manifest) == true)
      #expect(hub.listings().first?.problem != nil)
    }
  }

  @Test func `A manifest survives its JSON`() throws {
    let digest = try SHA256Digest(hex: String(repeating: "a", count: 64))
    let manifest = Manifest(
      name: try ModelName("a:b"), title: "T", license: "MIT", architecture: "llama",
      files: [.init(name: "f.gguf", digest: digest, size: 5)], source: "here",
      added: Date(timeIntervalSince1970: 1_000_000))
    #expect(try Manifest(decoding: manifest.encoded(), path: "p") == manifest)
  }

  @Test(arguments: [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0)])
  func `Edit distance`(left: String, right: String, expected: Int) {
    #expect(NearMatch.editDistance(Array(left.utf8), Array(right.utf8)) == expected)
  }
}
