import Foundation
import MinkeHub
import Testing

@Suite struct `Pulling from a hub` {
  static let repository = "hf.co/owner/model"
  static let path = "owner/model/Model-Q4_K_M.gguf"

  @Test func `A file arrives in parts, whole, with its manifest`() async throws {
    let fixture = try PullFixture()
    let data = PullFixture.bytes(300_000)
    fixture.server.add(Self.path, data)
    fixture.server.add("owner/model/Model-Q8_0.gguf", PullFixture.bytes(500_000))
    let log = Log()
    let manifest = try await fixture.pull(Self.repository, .init(), log)
    #expect(manifest.name.description == "hf.co/owner/model:q4_k_m")
    #expect(try fixture.content(manifest) == data)
    #expect(manifest.quantization == "Q4_K_M" && manifest.files[0].name == "Model-Q4_K_M.gguf")
    #expect(manifest.origin?.repository == "owner/model")
    #expect(fixture.staged == [])
    // Several parts came, over the store behind the hub.
    #expect(fixture.server.requests.count { $0.path.hasPrefix("/cdn/") && $0.headers["range"] != nil } > 3)
    #expect(log.all.last?.completed == data.count)
    #expect(zip(log.all, log.all.dropFirst()).allSatisfy { $0.completed <= $1.completed })
    // Found by all its names, without the network.
    for name in ["hf.co/owner/model", "HF.co/Owner/Model:Q4_K_M", "https://huggingface.co/owner/model"] {
      guard case .stored(let found, _) = try fixture.hub.locate(name) else {
        Issue.record("\(name)")
        continue
      }
      #expect(found == manifest)
    }
    // What is there is not fetched again.
    let before = fixture.server.requests.count { $0.path.hasPrefix("/cdn/") }
    #expect(try await fixture.pull(Self.repository) == manifest)
    #expect(fixture.server.requests.count { $0.path.hasPrefix("/cdn/") } == before)
  }

  @Test(arguments: [0, 1, 3, 4, 4095, 4096, 4097, 8192, 70_001]) func `Any length arrives`(count: Int)
    async throws
  {
    let fixture = try PullFixture()
    let data = PullFixture.bytes(count)
    fixture.server.add("o/r/file.bin-Q4_0.gguf", data)
    if count < 4 {
      #expect(await fixture.error("hf.co/o/r") == .wrongFormat(file: "file.bin-Q4_0.gguf", expected: "GGUF"))
      #expect(fixture.kept == [] && fixture.staged == [])
    } else {
      #expect(try fixture.content(await fixture.pull("hf.co/o/r")) == data)
    }
  }

  @Test func `A broken connection is taken up where it was`() async throws {
    let data = PullFixture.bytes(200_000)
    let fixture = try PullFixture(
      { request in
        guard request.path.hasPrefix("/cdn/"), request.earlier % 2 == 1,
          let range = request.range(of: data.count),
          range.count > 1
        else { return nil }
        var response = StandInHub.part(of: data, request)
        response.cut = range.count / 2
        return response
      }, retries: 30)
    fixture.server.add(Self.path, data)
    #expect(try fixture.content(await fixture.pull(Self.repository)) == data)
  }

  @Test func `A connection that always breaks is one error, and the next pull goes on`() async throws {
    let data = PullFixture.bytes(400_000)
    let sent = Counter()
    let fixture = try PullFixture(retries: 2)
    fixture.server.handle { request in
      guard request.path.hasPrefix("/cdn/"), let range = request.range(of: data.count), range.count > 1 else {
        return nil
      }
      var response = StandInHub.part(of: data, request)
      // The first quarter comes, nothing behind it.
      if range.lowerBound >= 100_000 { response.cut = 0 }
      if range.upperBound > 100_000, range.lowerBound < 100_000 { response.cut = 100_000 - range.lowerBound }
      return response
    }
    fixture.server.add(Self.path, data)
    guard case .transfer(.broken)? = await fixture.error(Self.repository) else {
      Issue.record("no error")
      return
    }
    #expect(fixture.kept == [] && !fixture.staged.isEmpty)
    fixture.server.handle { request in
      guard request.path.hasPrefix("/cdn/"), let range = request.range(of: data.count) else { return nil }
      sent.add(range.count)
      return StandInHub.part(of: data, request)
    }
    #expect(try fixture.content(await fixture.pull(Self.repository)) == data)
    // What had come was not asked for again.
    #expect(sent.value < 390_000)
    #expect(fixture.staged == [])
  }

  @Test func `A server without ranges is read from its beginning`() async throws {
    let data = PullFixture.bytes(100_000)
    let fixture = try PullFixture { request in
      guard request.path.hasPrefix("/plain/") || request.path.hasPrefix("/cdn/") else { return nil }
      return StandInHub.Response(body: data, cut: request.earlier == 1 ? 50_000 : nil)
    }
    fixture.server.add(Self.path, data)
    #expect(try fixture.content(await fixture.pull(Self.repository)) == data)
    let manifest = try await fixture.pull(fixture.server.address + "/plain/a.gguf")
    #expect(try fixture.content(manifest) == data)
    // What is at an address is fetched once.
    let before = fixture.server.requests.count
    #expect(try await fixture.pull(fixture.server.address + "/plain/a.gguf") == manifest)
    #expect(fixture.server.requests.count == before)
  }

  @Test func `One flipped byte is found and its chunk fetched again`() async throws {
    let data = PullFixture.bytes(120_000)
    let asked = Counter()
    let fixture = try PullFixture { request in
      guard request.path.hasPrefix("/cdn/"), let range = request.range(of: data.count), range.count > 1 else {
        return nil
      }
      asked.add(range.count)
      var response = StandInHub.part(of: data, request)
      // The first time that this byte is sent it is another.
      if range.contains(50_000), asked.mark("flipped") { response.body[50_000 - range.lowerBound] ^= 1 }
      return response
    }
    fixture.server.add(Self.path, data)
    let log = Log()
    #expect(try fixture.content(await fixture.pull(Self.repository, .init(), log)) == data)
    #expect(log.all.contains { $0.phase == .repairing })
    // Read twice, not three times.
    #expect(asked.value == 2 * data.count)
  }

  @Test func `Wrong content that stays is refused and not kept`() async throws {
    let data = PullFixture.bytes(50_000)
    let fixture = try PullFixture { request in
      guard request.path.hasPrefix("/cdn/") else { return nil }
      return StandInHub.part(of: PullFixture.bytes(50_000, seed: 9), request)
    }
    fixture.server.add(Self.path, data)
    let error = await fixture.error(Self.repository)
    guard case .transfer(.wrongContent(_, let found, let expected, let readings))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(expected == StandInHub.digest(data) && found != expected && readings == 2)
    #expect(fixture.kept == [] && fixture.staged == [])
  }

  @Test func `Damage on the disk between two pulls costs its chunk alone`() async throws {
    let data = PullFixture.bytes(400_000)
    let fixture = try PullFixture(retries: 1)
    fixture.server.add(Self.path, data)
    fixture.server.handle { request in
      guard request.path.hasPrefix("/cdn/"), let range = request.range(of: data.count),
        range.lowerBound > 300_000
      else {
        return nil
      }
      return StandInHub.Response(status: 500)
    }
    #expect(await fixture.error(Self.repository) != nil)
    let partial = try #require(fixture.staged.first { $0.hasSuffix("/data") })
    let file = try #require(FileHandle(forUpdatingAtPath: fixture.folder.path + "/home/staging/" + partial))
    try file.seek(toOffset: 5000)
    try file.write(contentsOf: Data("damage".utf8))
    try file.close()
    let sent = Counter()
    fixture.server.handle { request in
      guard request.path.hasPrefix("/cdn/"), let range = request.range(of: data.count) else { return nil }
      sent.add(range.count)
      return StandInHub.part(of: data, request)
    }
    #expect(try fixture.content(await fixture.pull(Self.repository)) == data)
    #expect(sent.value < 250_000)
  }

  @Test func `A file that changes is fetched anew`() async throws {
    let (old, new) = (PullFixture.bytes(200_000, seed: 1), PullFixture.bytes(210_000, seed: 2))
    let changed = Counter()
    let fixture = try PullFixture { request in
      guard request.path == "/plain/f.gguf" else { return nil }
      if let range = request.range(of: old.count), range.lowerBound > 100_000 { _ = changed.mark("changed") }
      return StandInHub.part(of: changed.has("changed") ? new : old, request)
    }
    let log = Log()
    let manifest = try await fixture.pull(fixture.server.address + "/plain/f.gguf", .init(), log)
    #expect(try fixture.content(manifest) == new)
    #expect(log.all.contains { $0.phase == .restarting })
    #expect(fixture.staged == [])
  }

  @Test func `A file that never stops changing is an error`() async throws {
    let count = Counter()
    let fixture = try PullFixture { request in
      guard request.path == "/plain/f.gguf" else { return nil }
      count.add(1)
      return StandInHub.part(of: PullFixture.bytes(100_000, seed: UInt64(count.value)), request)
    }
    #expect(
      await fixture.error(fixture.server.address + "/plain/f.gguf") == .transfer(.changing(file: "f.gguf")))
    #expect(fixture.kept == [])
  }

  @Test func `A stall is noticed and taken up`() async throws {
    let data = PullFixture.bytes(100_000)
    let once = Counter()
    let fixture = try PullFixture(
      { request in
        guard request.path.hasPrefix("/cdn/"), let range = request.range(of: data.count), range.count > 1,
          once.mark("stalled")
        else { return nil }
        var response = StandInHub.part(of: data, request)
        response.stall = range.count / 2
        return response
      }, patience: .milliseconds(300), retries: 30)
    fixture.server.add(Self.path, data)
    #expect(try fixture.content(await fixture.pull(Self.repository)) == data)
    fixture.server.stop()
  }

  @Test func `A stall that stays is one error`() async throws {
    let data = PullFixture.bytes(10_000)
    let fixture = try PullFixture(
      { request in
        guard request.path.hasPrefix("/cdn/"), let range = request.range(of: data.count), range.count > 1
        else { return nil }
        var response = StandInHub.part(of: data, request)
        response.stall = 10
        return response
      }, patience: .milliseconds(200), retries: 2)
    fixture.server.add(Self.path, data)
    #expect(await fixture.error(Self.repository) == .transfer(.stalled(host: "127.0.0.1", seconds: 0)))
    #expect(fixture.kept == [])
    fixture.server.stop()
  }

  @Test(arguments: [429, 500, 503]) func `A server that asks to wait is waited for`(status: Int) async throws
  {
    let data = PullFixture.bytes(60_000)
    let times = Counter()
    let fixture = try PullFixture(
      { request in
        guard times.count(request.path) <= 2 else { return nil }
        return StandInHub.Response(status: status, headers: status == 429 ? [("Retry-After", "0")] : [])
      }, retries: 6)
    fixture.server.add(Self.path, data)
    #expect(try fixture.content(await fixture.pull(Self.repository)) == data)
  }

  @Test func `Retry-After is honoured, and one that is too long is said`() async throws {
    let data = PullFixture.bytes(20_000)
    let fixture = try PullFixture { request in
      request.path.hasPrefix("/api/") && request.earlier == 0
        ? StandInHub.Response(status: 429, headers: [("Retry-After", "1")]) : nil
    }
    fixture.server.add(Self.path, data)
    let start = ContinuousClock.now
    #expect(try fixture.content(await fixture.pull(Self.repository)) == data)
    #expect(start.duration(to: .now) >= .seconds(1))

    let busy = try PullFixture { _ in StandInHub.Response(status: 429, headers: [("Retry-After", "3600")]) }
    #expect(await busy.error(Self.repository) == .transfer(.rateLimited(host: "127.0.0.1", seconds: 3600)))
    #expect(busy.server.requests.count == 1)
  }
}
