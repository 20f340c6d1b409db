import Foundation
import MinkeHub
import Testing

@Suite struct `Repairing what was pulled` {
  /// Pulls an address or a repository, then spoils a byte of it.
  private func damaged(_ text: String, _ fixture: PullFixture) async throws -> (Manifest, VerifiedFile) {
    let manifest = try await fixture.pull(text)
    let path = fixture.hub.store.path(of: manifest.files[0].digest)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    try file.seek(toOffset: 5000)
    try file.write(contentsOf: Data("damage".utf8))
    try file.close()
    return (manifest, try fixture.hub.store.verify(manifest.files[0]))
  }

  private func repair(
    _ found: VerifiedFile, _ manifest: Manifest, _ fixture: PullFixture
  ) async throws -> Int {
    try await fixture.hub.repair(found, of: manifest) { _ in }
  }

  @Test func `A wrong stretch comes again, from the commit that was read`() async throws {
    let fixture = try PullFixture()
    let data = PullFixture.bytes(20_000)
    fixture.server.add("o/r/m-Q4_K_M.gguf", data)
    let (manifest, found) = try await damaged("hf.co/o/r", fixture)
    let count = try await repair(found, manifest, fixture)
    #expect(count == 1)
    #expect(try fixture.content(manifest) == data)
    #expect(
      fixture.server.requests.contains {
        $0.path == "/o/r/resolve/\(String(repeating: "c", count: 40))/m-Q4_K_M.gguf"
      })
  }

  @Test func `A manifest does not lead into a private network`() async throws {
    let fixture = try PullFixture(resolver: FixedResolver(table: ["inner.example": "10.1.2.3"]))
    fixture.server.add("f.gguf", PullFixture.bytes(20_000))
    let address = fixture.server.address + "/plain/f.gguf"
    let (first, wrong) = try await damaged(address, fixture)
    let count = try await repair(wrong, first, fixture)
    #expect(count == 1)
    let (again, found) = try await damaged(address, fixture)
    for place in ["https://inner.example/f.gguf", nil] {
      var manifest = again
      manifest.origin?.address = place
      do {
        _ = try await repair(found, manifest, fixture)
        Issue.record("it was fetched")
      } catch HubError.transfer(.closed) where place != nil {
      } catch HubError.irreparable where place == nil {
      }
    }
  }
}
