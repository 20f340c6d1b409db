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
    let second = try store.remove([ModelName("hf.co/o/two:q4_0"), other.name, other.name])
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
