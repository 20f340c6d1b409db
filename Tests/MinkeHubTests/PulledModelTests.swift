import Foundation
import MinkeHub
import Testing

@Suite struct `What a pull may be of, and by whom` {
  @Test func `Parts of a split model are one model in a folder`() async throws {
    let fixture = try PullFixture()
    let parts = (1...3).map { PullFixture.bytes(30_000, seed: UInt64($0)) }
    for (index, part) in parts.enumerated() {
      fixture.server.add("o/r/Q4_K_M/m-Q4_K_M-0000\(index + 1)-of-00003.gguf", part)
    }
    let manifest = try await fixture.pull("hf.co/o/r")
    #expect(manifest.files.map(\.name) == (1...3).map { "m-Q4_K_M-0000\($0)-of-00003.gguf" })
    guard case .stored(_, let path) = try fixture.hub.locate("hf.co/o/r:q4_k_m") else {
      Issue.record("not stored")
      return
    }
    #expect(path.hasSuffix("/m-Q4_K_M-00001-of-00003.gguf"))
    for (index, part) in parts.enumerated() {
      let name = path.replacing("00001-of", with: "0000\(index + 1)-of")
      #expect(try Data(contentsOf: URL(fileURLWithPath: name)) == part)
    }
  }

  @Test func `A repository of safetensors is a folder with their names`() async throws {
    let fixture = try PullFixture()
    let weights = PullFixture.bytes(20_000)
    fixture.server.add("o/r/model.safetensors", weights)
    fixture.server.add("o/r/config.json", Data(#"{"model_type": "qwen2"}"#.utf8))
    fixture.server.add("o/r/tokenizer.json", Data("{}".utf8))
    fixture.server.add("o/r/README.md", Data("no".utf8))
    let manifest = try await fixture.pull("hf.co/o/r")
    #expect(manifest.format == .safetensors && manifest.architecture == "qwen2")
    #expect(manifest.name.tag == "safetensors")
    guard case .stored(_, let folder) = try fixture.hub.locate("hf.co/o/r") else {
      Issue.record("not stored")
      return
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
        "config.json", "model.safetensors", "tokenizer.json",
      ])
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/model.safetensors")) == weights)
  }

  @Test func `Files that git names by SHA-1 are checked by it`() async throws {
    // printf 'GGUFabcd' | git hash-object --stdin
    for (oid, isRight) in [("8a6ae36b4d9a7df3b8e5a1b0a5b4d3d8e8e0a0f1", false), (Self.gitName, true)] {
      let list = #"[{"type":"file","path":"m-Q4_0.gguf","size":8,"oid":"\#(oid)"}]"#
      let fixture = try PullFixture { request in
        if request.path.hasPrefix("/api/") { return StandInHub.Response(body: Data(list.utf8)) }
        return request.path.contains("/resolve/") ? .redirect("/cdn/o/r/m-Q4_0.gguf") : nil
      }
      fixture.server.add("o/r/m-Q4_0.gguf", Data("GGUFabcd".utf8))
      let error = await fixture.error("hf.co/o/r")
      #expect((error == nil) == isRight, "\(String(describing: error))")
      #expect(fixture.kept.isEmpty == !isRight)
    }
  }

  static let gitName = "293b18927308f2853d972e4019ded21e836c62ca"

  @Test func `ModelScope lists in its own way`() async throws {
    let data = PullFixture.bytes(50_000)
    let fixture = try PullFixture { request in
      if request.path == "/api/v1/models/o/r/repo/files" {
        let text =
          #"{"Code":200,"Data":{"Files":[{"Type":"blob","Path":"m-Q8_0.gguf","Size":50000,"Sha256":"\#(StandInHub.digest(data))"},"#
          + #"{"Type":"tree","Path":"x","Size":0}]}}"#
        return StandInHub.Response(body: Data(text.utf8))
      }
      return request.path == "/models/o/r/resolve/master/m-Q8_0.gguf"
        ? StandInHub.part(of: data, request) : nil
    }
    let manifest = try await fixture.pull("modelscope.cn/o/r")
    #expect(try fixture.content(manifest) == data)
    #expect(manifest.name.description == "modelscope.cn/o/r:q8_0")
  }

  @Test func `Ctrl-C keeps what has come and says so`() async throws {
    let data = PullFixture.bytes(400_000)
    let fixture = try PullFixture { request in
      guard request.path.hasPrefix("/cdn/") else { return nil }
      var response = StandInHub.part(of: data, request)
      response.rate = 100_000
      return response
    }
    fixture.server.add("owner/model/Model-Q4_K_M.gguf", data)
    let log = Log()
    let task = Task { try await fixture.pull("hf.co/owner/model", .init(), log) }
    _ = try await eventually { log.all.first { $0.completed > 20_000 } }
    task.cancel()
    await #expect(throws: HubError.paused) { try await task.value }
    #expect(fixture.kept == [] && fixture.staged.contains { $0.hasSuffix("/journal") })
    fixture.server.handle(nil)
    #expect(try fixture.content(await fixture.pull("hf.co/owner/model")) == data)
  }

  @Test func `Many at once fetch one time`() async throws {
    let data = PullFixture.bytes(100_000)
    let sent = Counter()
    let fixture = try PullFixture { request in
      guard request.path.hasPrefix("/cdn/"), let range = request.range(of: data.count) else { return nil }
      sent.add(range.count)
      return StandInHub.part(of: data, request)
    }
    fixture.server.add("owner/model/Model-Q4_K_M.gguf", data)
    let digests = try await withThrowingTaskGroup(of: SHA256Digest.self) { group in
      for _ in 0..<6 { group.addTask { try await fixture.pull("hf.co/owner/model").files[0].digest } }
      return try await group.reduce(into: Set<SHA256Digest>()) { $0.insert($1) }
    }
    #expect(digests.count == 1 && sent.value < data.count + 100)
    #expect(fixture.staged == [])
  }
}
