import Foundation
import MinkeHub
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A store of its own over a stand-in hub.
struct PullFixture {
  let folder: TemporaryDirectory
  let server: StandInHub
  let hub: Hub

  init(
    _ handler: StandInHub.Handler? = nil, token: String? = nil, insecure: Bool = false, offline: Bool = false,
    patience: Duration = .seconds(5), retries: Int = 4, resolver: any HostResolver = SystemResolver()
  ) throws {
    folder = try TemporaryDirectory()
    server = try StandInHub(handler)
    var download = DownloadOptions()
    download.chunkSize = 4096
    download.retry = RetryPolicy(limit: retries, base: .milliseconds(5), patience: .seconds(2))
    var environment = ["HF_ENDPOINT": server.address, "MODELSCOPE_ENDPOINT": server.address]
    environment["HF_TOKEN"] = token
    hub = Hub(
      store: Store(root: folder.path + "/home"), catalogue: Catalogue(entries: []),
      network: Hub.Network(
        environment: environment, access: NetworkAccess(offline: offline, environment: [:]),
        isInsecure: insecure,
        resolver: resolver, patience: patience, download: download))
  }

  /// Bytes that begin as GGUF does.
  static func bytes(_ count: Int, seed: UInt64 = 1) -> Data {
    var generator = SplitMix(state: seed)
    var data = Data("GGUF".utf8)
    data.reserveCapacity(count)
    while data.count < count { data.append(UInt8.random(in: 0...255, using: &generator)) }
    return data.prefix(count)
  }

  func pull(_ text: String, _ options: Hub.FetchOptions = .init(), _ log: Log = Log()) async throws
    -> Manifest
  {
    let reference = try #require(try RemoteReference(text))
    return try await hub.fetch(reference, options) { log.append($0) }.manifest
  }

  /// What is under the names that count.
  var kept: [String] {
    folder.contents(of: "home").filter {
      $0.hasPrefix("blobs/") || $0.hasSuffix(".json") || $0.hasPrefix("files/")
    }
  }
  var staged: [String] { folder.contents(of: "home/staging") }

  func content(_ manifest: Manifest, _ index: Int = 0) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: hub.store.path(of: manifest.files[index].digest)))
  }

  func error(_ text: String, _ options: Hub.FetchOptions = .init()) async -> HubError? {
    do {
      _ = try await pull(text, options)
      return nil
    } catch {
      return error as? HubError
    }
  }
}

/// Names that a test decides.
struct FixedResolver: HostResolver {
  var table: [String: String]

  func addresses(of host: String) async throws(HubError) -> [IPAddress] {
    guard let address = (table[host] ?? (IPAddress(host) != nil ? host : nil)).flatMap({ IPAddress($0) })
    else {
      throw .transfer(.unreachable(host: host, detail: "no name resolution"))
    }
    return [address]
  }
}

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
      }, patience: .milliseconds(300))
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
    fixture.server.add(Self.path, data)
    let log = Log()
    let task = Task { try await fixture.pull(Self.repository, .init(), log) }
    _ = try await eventually { log.all.first { $0.completed > 20_000 } }
    task.cancel()
    await #expect(throws: HubError.paused) { try await task.value }
    #expect(fixture.kept == [] && fixture.staged.contains { $0.hasSuffix("/journal") })
    fixture.server.handle(nil)
    #expect(try fixture.content(await fixture.pull(Self.repository)) == data)
  }

  @Test func `Many at once fetch one time`() async throws {
    let data = PullFixture.bytes(100_000)
    let sent = Counter()
    let fixture = try PullFixture { request in
      guard request.path.hasPrefix("/cdn/"), let range = request.range(of: data.count) else { return nil }
      sent.add(range.count)
      return StandInHub.part(of: data, request)
    }
    fixture.server.add(Self.path, data)
    let digests = try await withThrowingTaskGroup(of: SHA256Digest.self) { group in
      for _ in 0..<6 { group.addTask { try await fixture.pull(Self.repository).files[0].digest } }
      return try await group.reduce(into: Set<SHA256Digest>()) { $0.insert($1) }
    }
    #expect(digests.count == 1 && sent.value < data.count + 100)
    #expect(fixture.staged == [])
  }
}

/// Counts and marks from any thread.
final class Counter: @unchecked Sendable {
  // Every access is under the lock.
  private let lock = NSLock()
  private var total = 0
  private var marks: [String: Int] = [:]

  var value: Int { lock.withLock { total } }
  func add(_ count: Int) { lock.withLock { total += count } }
  /// True the first time.
  func mark(_ name: String) -> Bool { count(name) == 1 }
  func has(_ name: String) -> Bool { lock.withLock { marks[name] != nil } }
  /// How often it was called with this name.
  func count(_ name: String) -> Int {
    lock.withLock {
      marks[name, default: 0] += 1
      return marks[name] ?? 0
    }
  }
}
