import Foundation
import MinkeHub
import Testing

@Suite struct `What a fetch goes on from` {
  @Test func `A torn record does not shift those that follow`() throws {
    let plan = RangePlan(size: 100_000, chunkSize: 4096)
    let journal = ChunkJournal(header: .init(source: "s", plan: plan, entityTag: nil, digest: nil))
    let digest = SHA256Digest(of: [1])
    let whole = journal.encodedHeader() + Data(ChunkJournal.record(1, digest))
    for torn in 0..<36 {
      #expect(ChunkJournal.wholeLength(of: whole + Data(count: torn)) == whole.count)
    }
    #expect(ChunkJournal.wholeLength(of: Data("{".utf8)) == 0)
  }

  @Test(arguments: [false, true]) func `Without anything that tells files apart it begins anew`(isDated: Bool)
    async throws
  {
    let (old, new) = (PullFixture.bytes(200_000, seed: 1), PullFixture.bytes(200_000, seed: 2))
    let fixture = try PullFixture(retries: 1)
    @Sendable func part(_ data: Data, _ request: StandInHub.Request) -> StandInHub.Response {
      var response = StandInHub.part(of: data, request)
      response.headers.removeAll { $0.0 == "ETag" }
      if isDated { response.headers.append(("Last-Modified", data == old ? "yesterday" : "today")) }
      return response
    }
    fixture.server.handle { request in
      if let range = request.range(of: old.count), range.lowerBound > 100_000 {
        return StandInHub.Response(status: 500)
      }
      return part(old, request)
    }
    let address = fixture.server.address + "/plain/f.gguf"
    #expect(await fixture.error(address) != nil)
    #expect(!fixture.staged.isEmpty)
    fixture.server.handle { request in part(new, request) }
    #expect(try fixture.content(await fixture.pull(address)) == new)
  }

  @Test func `Room is looked for before a file is made as long as it is said to be`() async throws {
    let fixture = try PullFixture { request in
      guard request.range(of: 10) != nil else { return nil }
      return StandInHub.Response(
        status: 206, headers: [("Content-Range", "bytes 0-0/900000000000000")], body: Data("G".utf8))
    }
    guard case .noSpace? = await fixture.error(fixture.server.address + "/plain/f.gguf") else {
      Issue.record("no error")
      return
    }
    let folder = fixture.folder.path + "/home/staging/"
    for name in fixture.staged where name.hasSuffix("/data") {
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder + name)).isEmpty)
    }
  }

  @Test func `A list of very many pages is not read to its end`() async throws {
    let fixture = try PullFixture { request in
      StandInHub.Response(
        headers: [("Link", "<\(request.path)?page=\(request.earlier)>; rel=\"next\"")], body: Data("[]".utf8))
    }
    guard case .transfer(.badAnswer)? = await fixture.error("hf.co/o/r") else {
      Issue.record("it went on")
      return
    }
    #expect(fixture.server.requests.count == 100)
  }

  @Test func `Terms are accepted for a repository`() async throws {
    let fixture = try PullFixture { request in
      request.path.contains("/resolve/")
        ? StandInHub.Response(status: 403, headers: [("X-Error-Code", "GatedRepo")]) : nil
    }
    fixture.server.add("o/r/m-Q4_K_M.gguf", PullFixture.bytes(9000))
    guard case .transfer(.gated(let what, let page, _, _))? = await fixture.error("hf.co/o/r") else {
      Issue.record("no error")
      return
    }
    #expect(what == "o/r" && page == fixture.server.address + "/o/r")
  }

  #if os(Linux)
    private struct TwoAddresses: HostResolver {
      func addresses(of host: String) async throws(HubError) -> [IPAddress] {
        ["127.0.0.2", "127.0.0.1"].compactMap { IPAddress($0) }
      }
    }

    @Test func `The next address is tried where the first does not answer`() async throws {
      let server = try StandInHub { _ in StandInHub.Response(status: 418) }
      let options = HTTPTransport.Options(policy: AccessPolicy(isInsecure: true), resolver: TwoAddresses())
      let status = try await HTTPTransport.with(options) { transport throws(HubError) in
        try await transport.get(try WebAddress("http://two.example:\(server.port)/x")).status
      }
      #expect(status == 418)
    }
  #endif
}
