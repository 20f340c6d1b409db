import Foundation
import MinkeHub
import Testing

@Suite struct `A hub that means harm` {
  static let repository = "hf.co/owner/model"
  static let path = "owner/model/Model-Q4_K_M.gguf"

  @Test func `A redirect to a private address is not followed`() async throws {
    for target in [
      "https://169.254.169.254/latest/meta-data", "https://10.0.0.1/x", "https://[::1]:9/x",
      "https://internal.example/x",
    ] {
      let fixture = try PullFixture(
        { request in request.path.contains("/resolve/") ? .redirect(target) : nil },
        resolver: FixedResolver(table: ["internal.example": "192.168.0.7"]))
      fixture.server.add(Self.path, PullFixture.bytes(5000))
      guard case .transfer(.closed)? = await fixture.error(Self.repository) else {
        Issue.record("\(target) was followed")
        continue
      }
      #expect(fixture.kept == [] && !fixture.staged.contains { $0.hasSuffix(".lock") })
    }
  }

  @Test func `A redirect to another service on this machine is not followed`() async throws {
    let other = try StandInHub()
    let fixture = try PullFixture { request in
      request.path.contains("/resolve/") ? .redirect(other.address + "/x") : nil
    }
    fixture.server.add(Self.path, PullFixture.bytes(5000))
    #expect(await fixture.error(Self.repository) == .transfer(.plain(address: other.address + "/x")))
    #expect(other.requests.isEmpty)
  }

  @Test func `Redirects that go round are left`() async throws {
    for target in ["/owner/model/resolve/main/Model-Q4_K_M.gguf", "/next"] {
      let fixture = try PullFixture { request in
        if request.path.contains("/resolve/") { return .redirect(target) }
        return request.path.hasPrefix("/next") ? .redirect(request.path + "x") : nil
      }
      fixture.server.add(Self.path, PullFixture.bytes(5000))
      guard case .transfer(.redirects)? = await fixture.error(Self.repository) else {
        Issue.record("\(target) was followed")
        continue
      }
      #expect(fixture.server.requests.count < 15)
    }
  }

  @Test func `A token reaches its hub and nobody else`() async throws {
    let data = PullFixture.bytes(60_000)
    let store = try StandInHub { request in StandInHub.part(of: data, request) }
    // Another name for this machine is another host.
    let elsewhere = "http://localhost:\(store.port)/f"
    let fixture = try PullFixture(
      { request in request.path.contains("/resolve/") ? .redirect(elsewhere) : nil }, token: "secret-token",
      insecure: true)
    fixture.server.add(Self.path, data)
    #expect(try fixture.content(await fixture.pull(Self.repository)) == data)
    #expect(fixture.server.requests.allSatisfy { $0.headers["authorization"] == "Bearer secret-token" })
    #expect(!store.requests.isEmpty)
    for request in store.requests {
      #expect(request.headers["authorization"] == nil && request.headers["cookie"] == nil)
      #expect(!request.headers.values.contains { $0.contains("secret") })
    }
  }

  @Test func `Names that lead elsewhere are not offered`() async throws {
    let digest = String(repeating: "a", count: 64)
    let names = [
      "../../../etc/cron.d/x-Q4_K_M.gguf", "/etc/x-Q4_K_M.gguf", #"..\\x-Q4_K_M.gguf"#,
      "a/../../x-Q4_K_M.gguf", ".ssh/x-Q4_K_M.gguf",
      #"x\u0000-Q4_K_M.gguf"#, #"x\n-Q4_K_M.gguf"#, String(repeating: "a", count: 300) + ".gguf",
    ]
    let entries = names.map {
      #"{"type":"file","path":"\#($0)","size":5,"lfs":{"oid":"\#(digest)","size":5}}"#
    }
    let fixture = try PullFixture { request in
      request.path.hasPrefix("/api/")
        ? StandInHub.Response(body: Data("[\(entries.joined(separator: ","))]".utf8)) : nil
    }
    guard case .noSuchVariant? = await fixture.error(Self.repository) else {
      Issue.record("a hostile name was offered")
      return
    }
    #expect(fixture.server.requests.count == 1)
    #expect(fixture.folder.contents() == ["home", "home/staging"])
  }

  @Test(arguments: [
    "", "{}", "null", "[", #"[{"type":"file"}]"#, #"[{"type":"file","path":5}]"#,
    #"[{"type":"file","path":"m.gguf","size":-1}]"#, #"[{"type":"file","path":"m.gguf","size":1e30}]"#,
    #"[{"type":"file","path":"m.gguf","lfs":{"oid":"../../x","size":5}}]"#,
    #"[{"type":"file","path":"m.gguf","lfs":{}}]"#,
    #"[{"type":"file","path":"m.gguf","size":9223372036854775807}]"#, String(repeating: "[", count: 100_000),
  ]) func `A list that is none is one error`(text: String) async throws {
    let fixture = try PullFixture { request in
      request.path.hasPrefix("/api/") ? StandInHub.Response(body: Data(text.utf8)) : nil
    }
    guard case .transfer(.badAnswer)? = await fixture.error(Self.repository) else {
      Issue.record("it was believed")
      return
    }
    #expect(fixture.kept == [])
  }

  @Test func `A list without an end is not read to it`() async throws {
    let huge = try PullFixture { request in
      guard request.path.hasPrefix("/api/") else { return nil }
      return StandInHub.Response(body: Data(count: 17 << 20))
    }
    let error = await huge.error(Self.repository)
    guard case .transfer(.badAnswer)? = error else {
      Issue.record("it was read: \(String(describing: error))")
      return
    }
    let pages = try PullFixture { request in
      guard request.path.hasPrefix("/api/") else { return nil }
      return StandInHub.Response(
        headers: [("Link", "<\(request.path)?page=\(request.earlier % 3)>; rel=\"next\"")],
        body: Data("[]".utf8))
    }
    guard case .transfer(.badAnswer)? = await pages.error(Self.repository) else {
      Issue.record("it went on")
      return
    }
    #expect(pages.server.requests.count < 10)
    let elsewhere = try PullFixture { _ in
      StandInHub.Response(
        headers: [("Link", "<https://evil.example/list>; rel=\"next\"")], body: Data("[]".utf8))
    }
    guard case .transfer(.badAnswer)? = await elsewhere.error(Self.repository) else {
      Issue.record("it went elsewhere")
      return
    }
  }

  @Test func `Pages of a list are put together`() async throws {
    let data = PullFixture.bytes(20_000)
    let fixture = try PullFixture { request in
      guard request.path.hasPrefix("/api/"), !request.query.contains("cursor") else { return nil }
      return StandInHub.Response(
        headers: [("Link", "<\(request.path)?recursive=true&cursor=2>; rel=\"next\"")], body: Data("[]".utf8))
    }
    fixture.server.add(Self.path, data)
    #expect(try fixture.content(await fixture.pull(Self.repository)) == data)
  }

  @Test func `An absurd size is refused before anything is written`() async throws {
    let digest = String(repeating: "a", count: 64)
    let fixture = try PullFixture { request in
      guard request.path.hasPrefix("/api/") else { return nil }
      return StandInHub.Response(
        body: Data(
          #"[{"type":"file","path":"m-Q4_0.gguf","lfs":{"oid":"\#(digest)","size":900000000000000}}]"#.utf8))
    }
    guard case .noSpace(_, 900_000_000_000_000, _)? = await fixture.error(Self.repository) else {
      Issue.record("no error")
      return
    }
    #expect(fixture.staged == [])
  }

  @Test func `A hub that contradicts itself is not believed`() async throws {
    let data = PullFixture.bytes(30_000)
    for (name, value) in [
      ("X-Linked-Size", "30001"), ("X-Linked-Etag", "\"\(String(repeating: "b", count: 64))\""),
    ] {
      let fixture = try PullFixture { request in
        request.path.contains("/resolve/") ? .redirect("/cdn/" + Self.path, [(name, value)]) : nil
      }
      fixture.server.add(Self.path, data)
      #expect(await fixture.error(Self.repository) != nil)
      #expect(fixture.kept == [])
    }
    // More bytes than were asked for, and another part than was asked for.
    for shift in [0, 10] {
      let fixture = try PullFixture(retries: 2)
      fixture.server.add(Self.path, data)
      fixture.server.handle { request in
        guard request.path.hasPrefix("/cdn/"), let range = request.range(of: data.count), range.count > 1
        else { return nil }
        return StandInHub.Response(
          status: 206,
          headers: [
            (
              "Content-Range",
              "bytes \(range.lowerBound + shift)-\(range.upperBound - 1 + shift)/\(data.count)"
            )
          ],
          body: data.subdata(in: range) + (shift == 0 ? Data(count: 5000) : Data()))
      }
      #expect(await fixture.error(Self.repository) != nil)
      #expect(fixture.kept == [])
    }
  }

  @Test func `A page where a model belongs is no model`() async throws {
    let fixture = try PullFixture { _ in StandInHub.Response(body: Data("<html>log in</html>".utf8)) }
    #expect(
      await fixture.error(fixture.server.address + "/login/model.gguf")
        == .wrongFormat(file: "model.gguf", expected: "GGUF"))
    #expect(fixture.kept == [] && fixture.staged == [])
  }

  @Test(
    arguments: [
      (403, "GatedRepo"), (401, "GatedRepo"), (401, "RepoNotFound"), (404, nil), (404, "RevisionNotFound"),
      (451, nil),
    ] as [(Int, String?)]) func `Refusals are said once and leave nothing`(status: Int, code: String?)
    async throws
  {
    let fixture = try PullFixture { _ in
      StandInHub.Response(status: status, headers: code.map { [("X-Error-Code", $0)] } ?? [])
    }
    let error = await fixture.error(Self.repository)
    guard case .transfer(let transfer)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(!transfer.description.contains("\n"))
    #expect(fixture.server.requests.count == 1 && fixture.staged == [])
  }

  @Test func `No server and no name are one error`() async throws {
    let fixture = try PullFixture(retries: 2, resolver: FixedResolver(table: [:]))
    fixture.server.stop()
    guard case .transfer(.unreachable)? = await fixture.error(Self.repository) else {
      Issue.record("no error")
      return
    }
    #expect(
      await fixture.error("https://nowhere.example/m.gguf")
        == .transfer(.unreachable(host: "nowhere.example", detail: "no name resolution")))
  }

  @Test func `Offline nothing is opened, whatever the source`() async throws {
    let fixture = try PullFixture(offline: true)
    for text in [
      Self.repository, "modelscope.cn/o/r", fixture.server.address + "/m.gguf", "https://h.example/m.gguf",
    ] {
      guard case .offlineAsked? = await fixture.error(text) else {
        Issue.record("\(text) was tried")
        continue
      }
    }
    #expect(fixture.server.requests.isEmpty)
    let index = try FakeIndex()
    let entry = try index.offer(["x"])
    let hub = Hub(
      store: index.store, catalogue: Catalogue(entries: [entry]), source: index.hub(.works).source,
      network: Hub.Network(access: NetworkAccess(offline: true, environment: [:])))
    await #expect(throws: HubError.self) { try await hub.fetch(entry) }
    #expect(index.calls == 0)
  }
}
