import Foundation
import MinkeHub
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct `Pulling on the command line` {
  let folder: Folder
  let server: StandInHub

  init() throws {
    folder = try Folder()
    server = try StandInHub()
  }

  var home: String { folder.path + "/home" }
  var environment: [String: String] { ["HF_ENDPOINT": server.address, "HOME": folder.path] }

  func run(_ arguments: String..., environment: [String: String]? = nil) throws -> CommandRun {
    try CommandRun(arguments, home: home, environment: environment ?? self.environment)
  }

  static func data(_ count: Int, seed: UInt8 = 7) -> Data {
    var data = Data("GGUF".utf8)
    var state = UInt32(seed)
    while data.count < count {
      state = state &* 1_664_525 &+ 1_013_904_223
      data.append(UInt8(truncatingIfNeeded: state >> 24))
    }
    return data
  }

  func object(_ run: CommandRun) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }

  func objects(_ run: CommandRun) throws -> [[String: Any]] {
    try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
  }

  @Test func `A model is pulled, listed, verified, repaired, removed`() throws {
    let data = Self.data(3_000_000)
    server.add("o/r/Tiny-Q4_K_M.gguf", data)
    let name = "hf.co/o/r:q4_k_m"
    let pulled = try run("pull", "hf.co/o/r", "--json")
    #expect(pulled.status == 0 && pulled.errors == "")
    let facts = try object(pulled)
    #expect(facts["name"] as? String == name && facts["size"] as? Int == data.count)
    let path = try #require(facts["path"] as? String)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == data)
    #expect(try run("pull", "hf.co/o/r").output == "\(name)  3.0 MB  \(path)\n")

    let listed = try objects(run("list", "--here", "--json"))
    #expect(
      listed.count == 1 && listed[0]["name"] as? String == name && listed[0]["place"] as? String == "store")
    #expect(try run("verify").output.hasSuffix("sound\n"))

    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    try file.seek(toOffset: 1_500_000)
    try file.write(contentsOf: Data("damage".utf8))
    try file.close()
    let found = try run("verify", name)
    #expect(found.status == 1 && found.output.contains("bytes 1048576 to 2097151 are wrong"))
    let offline = try run("verify", name, "--repair", "--offline", "--json")
    #expect(offline.status == 1 && offline.output.contains("--offline forbids every connection"))
    let repaired = try objects(run("verify", name, "--repair", "--json"))
    #expect(repaired[0]["sound"] as? Bool == true && repaired[0]["repaired"] as? Int == 1)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == data)

    let removed = try object(run("remove", "hf.co/o/r", "--json"))
    #expect(removed["models"] as? [String] == [name] && removed["bytes"] as? Int == data.count)
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(try run("prune").output == "nothing to remove\n")
    #expect(try run("remove", "hf.co/o/r").errors.contains("is not in the store"))
  }

  @Test func `What cannot be pulled is one line`() throws {
    server.add("o/r/Tiny-Q4_K_M.gguf", Self.data(1000))
    for (name, expected) in [
      ("hf.co/o/absent", "no such repository"), ("hf.co/o/r:Q8_0", "has no 'Q8_0': it has Q4_K_M"),
      ("http://example.org/x.gguf", "is plain http"),
      ("qwen9", "no model 'qwen9'"), ("hf.co/../x", "cannot name a model"),
    ] {
      let run = try run("pull", name)
      #expect(run.status == 1 && run.output == "" && run.errorLines.count == 1)
      #expect(run.errors.contains(expected), "\(run.errors)")
    }
  }

  @Test func `A model that this version does not run says so before it is fetched`() throws {
    let run = try run("run", "janus-pro:7b", "Hi")
    #expect(run.status == 1 && run.errorLines.count == 1)
    #expect(
      run.errors.contains("janus, which this version does not run: it runs llama, qwen2, qwen2moe, qwen3"))
    #expect(server.requests.isEmpty)
    let shown = try self.run("show", "deepseek-r1:1.5b")
    #expect(
      shown.output.contains("DeepSeek-R1-Distill-Qwen-1.5B, a Qwen2.5-Math-1.5B fine-tuned on R1's samples"))
    #expect(shown.output.contains("about 1.1 GB") && shown.output.contains("with a context of 32768 tokens"))
  }

  @Test func `A pull that is killed at any moment leaves a sound store, and the next one completes it`()
    async throws
  {
    let data = Self.data(6_000_000)
    server.add("o/r/Tiny-Q4_K_M-00001-of-00002.gguf", data)
    server.add("o/r/Tiny-Q4_K_M-00002-of-00002.gguf", Self.data(2_000_000, seed: 9))
    server.handle { [server] request in
      guard request.path.hasPrefix("/cdn/"), request.headers["range"] != "bytes=0-0" else { return nil }
      _ = server
      var response = StandInHub.part(
        of: request.path.contains("00001") ? data : Self.data(2_000_000, seed: 9), request)
      response.rate = 8_000_000
      return response
    }
    var generator = SystemRandomNumberGenerator()
    var whole = 0
    for moment in 0..<50 {
      let process = CommandRun.process(["pull", "hf.co/o/r"], home: home, environment: environment)
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      try await Task.sleep(for: .milliseconds(Int.random(in: 0...250, using: &generator)))
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      try checkStore()
      if moment % 10 == 9 {
        let pulled = try run("pull", "hf.co/o/r", "--json")
        try #require(pulled.status == 0, "\(pulled.errors)")
        let path = try #require(try object(pulled)["path"] as? String)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == data)
        #expect(try run("verify").status == 0)
        #expect(try run("remove", "hf.co/o/r").status == 0)
        whole += 1
      }
    }
    #expect(whole == 5)
    #expect(try run("prune").status == 0)
    #expect(try FileManager.default.subpathsOfDirectory(atPath: home + "/staging").isEmpty)
  }

  /// Whatever has its name is whole.
  func checkStore() throws {
    let store = Store(root: home)
    for name in store.names() {
      let manifest = try #require(try store.manifest(of: name))
      #expect(try store.isWhole(manifest))
    }
    for name in (try? FileManager.default.contentsOfDirectory(atPath: home + "/blobs")) ?? [] {
      #expect(try "sha256-" + SHA256Digest(ofFile: home + "/blobs/" + name).hex == name)
    }
  }

  @Test func `Two processes at once fetch one time`() async throws {
    let data = Self.data(4_000_000)
    server.add("o/r/Tiny-Q4_K_M.gguf", data)
    let outputs = try await withThrowingTaskGroup(of: Int32.self) { group in
      for _ in 0..<3 { group.addTask { try run("pull", "hf.co/o/r").status } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outputs == [0, 0, 0])
    let sent = server.requests.filter { $0.path.hasPrefix("/cdn/") }.reduce(0) { sum, request in
      sum + (request.range(of: data.count)?.count ?? data.count)
    }
    #expect(sent < data.count + 100)
  }

  @Test func `Models of other programs are listed and used where they lie`() async throws {
    let source = try await RealModel.smolLM2.path()
    let lm = folder.path + "/.lmstudio/models/pub/repo"
    try FileManager.default.createDirectory(atPath: lm, withIntermediateDirectories: true)
    try FileManager.default.linkItem(atPath: source, toPath: lm + "/SmolLM2-135M-Q4_1.gguf")
    let listed = try objects(run("list", "--here", "--json"))
    #expect(listed.map { $0["name"] as? String } == ["lmstudio:pub/repo/SmolLM2-135M-Q4_1"])
    let ran = try run("tokenize", "lmstudio:pub/repo/SmolLM2-135M-Q4_1", "--json", "--offline")
    #expect(ran.status == 0 && ran.output == "{\"ids\": []}\n")
    #expect(!FileManager.default.fileExists(atPath: home + "/blobs"))
  }
}
