import Foundation
import MinkeHub
import Testing

@Suite struct `A place that is in the store` {
  static func path(_ file: String, _ revision: String = "main") -> String {
    "hf.co/o/r/resolve/\(revision)/\(file)"
  }

  private func stored(_ text: String, in hub: Hub) throws -> Manifest? {
    guard case .stored(let manifest, _) = try hub.locate(text) else { return nil }
    return manifest
  }

  @Test func `Two files of one quantisation are two models`() async throws {
    let fixture = try PullFixture()
    let (first, second) = (PullFixture.bytes(9000, seed: 1), PullFixture.bytes(9000, seed: 2))
    fixture.server.add("o/r/a-Q4_K_M.gguf", first)
    fixture.server.add("o/r/b-Q4_K_M.gguf", second)
    let one = try await fixture.pull(Self.path("a-Q4_K_M.gguf"))
    #expect(one.name.tag == "a-q4_k_m")
    #expect(try stored(Self.path("a-Q4_K_M.gguf"), in: fixture.hub) == one)
    #expect(try stored("hf.co/o/r:a-Q4_K_M.gguf", in: fixture.hub) == one)
    #expect(try stored(one.name.description, in: fixture.hub) == one)
    for text in [Self.path("b-Q4_K_M.gguf"), Self.path("a-Q4_K_M.gguf", "v2"), "hf.co/o/r:b-Q4_K_M.gguf"] {
      #expect(try stored(text, in: fixture.hub) == nil, "\(text)")
    }
    let other = try await fixture.pull("hf.co/o/r:b-Q4_K_M.gguf")
    #expect(try fixture.content(other) == second)
    #expect(try stored(Self.path("b-Q4_K_M.gguf"), in: fixture.hub) == other)
    #expect(try stored(Self.path("a-Q4_K_M.gguf"), in: fixture.hub) == one)
  }

  @Test func `Files whose names become one are kept apart`() async throws {
    let fixture = try PullFixture()
    fixture.server.add("o/r/x/m.gguf", PullFixture.bytes(9000, seed: 1))
    fixture.server.add("o/r/x-m.gguf", PullFixture.bytes(9000, seed: 2))
    let one = try await fixture.pull(Self.path("x/m.gguf"))
    let other = try await fixture.pull(Self.path("x-m.gguf"))
    #expect(one.name != other.name)
    #expect(try stored(Self.path("x/m.gguf"), in: fixture.hub) == one)
    #expect(try stored(Self.path("x-m.gguf"), in: fixture.hub) == other)
    #expect(try await fixture.pull(Self.path("x-m.gguf")) == other)
  }

  @Test func `A revision is another model`() async throws {
    let fixture = try PullFixture()
    fixture.server.add("o/r/m-Q4_K_M.gguf", PullFixture.bytes(9000))
    let main = try await fixture.pull("hf.co/o/r")
    let commit = String(repeating: "c", count: 40)
    #expect(main.origin?.asked == "main" && main.origin?.revision == commit)
    #expect(try stored("hf.co/o/r/tree/main", in: fixture.hub) == main)
    #expect(try stored("hf.co/o/r/tree/" + commit, in: fixture.hub) == main)
    #expect(try stored("hf.co/o/r/tree/v2", in: fixture.hub) == nil)
    let second = try await fixture.pull("hf.co/o/r", .init(revision: "v2"))
    #expect(second.name.tag == "q4_k_m-v2")
    #expect(try stored("hf.co/o/r/tree/v2", in: fixture.hub) == second)
    #expect(try stored("hf.co/o/r", in: fixture.hub) == main)
    #expect(try stored(second.name.description, in: fixture.hub) == second)
  }

  @Test func `What is asked for twice must be one`() async throws {
    let fixture = try PullFixture()
    fixture.server.add("o/r/m-Q8_0.gguf", PullFixture.bytes(9000))
    guard case .invalidName? = await fixture.error("hf.co/o/r:Q4_K_M", .init(quantization: "Q8_0")) else {
      Issue.record("one of two quantisations was taken")
      return
    }
    #expect(try await fixture.pull("hf.co/o/r:Q8_0", .init(quantization: "q8_0")).name.tag == "q8_0")
  }

  @Test func `What follows the question mark of an address is not kept`() async throws {
    let fixture = try PullFixture()
    fixture.server.add("f.gguf", PullFixture.bytes(9000))
    let manifest = try await fixture.pull(fixture.server.address + "/plain/f.gguf?signature=secret")
    let text = String(decoding: try manifest.encoded(), as: UTF8.self)
    #expect(!text.contains("secret") && manifest.origin?.address == nil)
    #expect(fixture.server.requests.contains { $0.query == "signature=secret" })
  }
}
