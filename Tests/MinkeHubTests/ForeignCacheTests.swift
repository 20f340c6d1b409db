import Foundation
import MinkeHub
import Testing

@Suite struct `Models of other programs` {
  let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  @discardableResult
  func write(_ path: String, _ data: Data) throws -> String {
    let file = URL(fileURLWithPath: folder.path + "/" + path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
    return file.path
  }

  func link(_ path: String, to target: String) throws {
    let file = folder.path + "/" + path
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: target)
  }

  func manifest(_ digests: String...) -> Data {
    let layers = digests.map {
      #"{"mediaType":"application/vnd.ollama.image.model","digest":"\#($0)","size":5}"#
    }
    return Data(
      #"{"schemaVersion":2,"layers":[{"mediaType":"x","digest":"sha256:zz"},\#(layers.joined(separator: ","))]}"#
        .utf8)
  }

  func models(_ program: ForeignCache.Program, _ root: String) -> [ForeignCache.Model] {
    ForeignCache(program: program, root: folder.path + "/" + root).models()
  }

  var real: String { folder.path.replacing("/private", with: "") }

  @Test func `Ollama's are found by its manifests`() throws {
    let data = Data("GGUF weights".utf8)
    let digest = SHA256Digest(of: data)
    try write("ollama/blobs/sha256-" + digest.hex, data)
    try write("ollama/manifests/registry.ollama.ai/library/qwen3/4b", manifest("sha256:" + digest.hex))
    try write("ollama/manifests/registry.ollama.ai/me/mine/latest", manifest("sha256:" + digest.hex))
    try write("ollama/manifests/hf.co/o/r/Q4_K_M", manifest("sha256:" + digest.hex))
    let found = models(.ollama, "ollama")
    #expect(found.map(\.name) == ["hf.co/o/r:Q4_K_M", "me/mine:latest", "qwen3:4b"])
    #expect(
      found.allSatisfy {
        $0.size == 12 && $0.digest == digest && $0.path.hasSuffix("/blobs/sha256-" + digest.hex)
      })

    let hub = Hub(
      store: Store(root: folder.path + "/home"),
      caches: [ForeignCache(program: .ollama, root: folder.path + "/ollama")])
    // Before it is fetched, and where it lies.
    for name in ["qwen3:4b", "ollama:qwen3:4b"] {
      guard case .foreign(let model) = try hub.locate(name) else {
        Issue.record("\(name)")
        continue
      }
      #expect(model.name == "qwen3:4b")
    }
    guard case .foreign = try hub.locate("ollama:me/mine") else {
      Issue.record("latest")
      return
    }
    guard case .offered = try hub.locate("qwen3:8b") else {
      Issue.record("another tag")
      return
    }
    #expect(throws: HubError.self) { try hub.locate("ollama:absent") }
    #expect(hub.listings().filter { $0.place == .ollama }.map(\.name).contains("ollama:qwen3:4b"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/home"))
  }

  @Test func `What Ollama's folder says is not believed`() throws {
    let secret = try write("secret", Data("GGUF of another".utf8))
    let digest = String(repeating: "a", count: 64)
    let other = String(repeating: "b", count: 64)
    try FileManager.default.createDirectory(
      atPath: folder.path + "/ollama/blobs", withIntermediateDirectories: true)
    // Digests that are paths (CVE-2024-37032), links out of the folder, folders, and manifests that are none.
    let place = "ollama/manifests/registry.ollama.ai/library/"
    for (index, text) in [
      "sha256:../../../secret", "../../secret", "/etc/passwd", "sha256:" + digest + "/../../secret",
      "sha256-" + digest,
      "sha256:" + String(digest.dropLast()), "sha256:" + digest.uppercased(), "",
      "sha256:" + digest + "\u{0}",
    ].enumerated() { try write(place + "hostile\(index)/x", manifest(text)) }
    try link("ollama/blobs/sha256-" + digest, to: secret)
    try write(place + "linked/x", manifest("sha256:" + digest))
    try FileManager.default.createDirectory(
      atPath: folder.path + "/ollama/blobs/sha256-" + other, withIntermediateDirectories: true)
    try write(place + "folder/x", manifest("sha256:" + other))
    try write(place + "text/x", Data("{".utf8))
    try write(place + "huge/x", Data(count: 2 << 20))
    try link(place + "manifest/x", to: secret)
    try link(place + "loop/x", to: "x")
    #expect(models(.ollama, "ollama") == [])
    #expect(models(.ollama, "absent") == [])
  }

  @Test func `LM Studio's are its folders of files`() throws {
    try write("lm/pub/repo/m-Q4_K_M.gguf", Data("GGUF1".utf8))
    try write("lm/pub/repo/mmproj-m.gguf", Data("GGUF2".utf8))
    for part in 1...2 { try write("lm/pub/big/b-Q8_0-0000\(part)-of-00002.gguf", Data("GGUF".utf8)) }
    try write("lm/pub/half/h-00001-of-00002.gguf", Data("GGUF".utf8))
    try link("lm/pub/repo/out.gguf", to: try write("secret", Data("x".utf8)))
    let found = models(.lmStudio, "lm")
    #expect(found.map(\.name) == ["pub/big/b-Q8_0", "pub/repo/m-Q4_K_M"])
    #expect(found.map(\.size) == [8, 5] && found[0].path.hasSuffix("/b-Q8_0-00001-of-00002.gguf"))
    #expect(found[1].quantization?.name == "Q4_K_M")
    let hub = Hub(
      store: Store(root: folder.path + "/home"),
      caches: [ForeignCache(program: .lmStudio, root: folder.path + "/lm")])
    guard case .foreign = try hub.locate("lmstudio:pub/repo/m-Q4_K_M") else {
      Issue.record("not found")
      return
    }
  }

  @Test func `The hub's own cache is used in place of a pull`() throws {
    let commit = String(repeating: "1", count: 40)
    let root = "hf/models--Owner--Repo"
    try write(root + "/blobs/abc", Data("GGUF1".utf8))
    try link(root + "/snapshots/\(commit)/m-Q4_K_M.gguf", to: "../../blobs/abc")
    try link(root + "/snapshots/\(commit)/evil-Q8_0.gguf", to: try write("secret", Data("x".utf8)))
    try write(root + "/refs/main", Data(commit.utf8))
    try write("hf/models--bad--ref/refs/main", Data("../../..".utf8))
    try write("hf/models--a--b--c/refs/main", Data(commit.utf8))
    let found = models(.huggingFace, "hf")
    #expect(found.map(\.name) == ["Owner/Repo/m-Q4_K_M"])
    let hub = Hub(
      store: Store(root: folder.path + "/home"),
      caches: [ForeignCache(program: .huggingFace, root: folder.path + "/hf")])
    for text in ["hf.co/owner/repo", "hf.co/Owner/Repo:Q4_K_M"] {
      guard case .foreign(let model) = try hub.locate(text) else {
        Issue.record("\(text)")
        continue
      }
      #expect(model.path.hasSuffix("/m-Q4_K_M.gguf"))
    }
    guard case .remote = try hub.locate("hf.co/owner/repo:Q8_0") else {
      Issue.record("another quantisation")
      return
    }
  }

  @Test func `The folders are those of the environment, where they are there`() throws {
    for name in [".ollama/models", ".lmstudio/models", ".cache/huggingface/hub", "o", "h/hub"] {
      try FileManager.default.createDirectory(
        atPath: folder.path + "/" + name, withIntermediateDirectories: true)
    }
    func roots(_ environment: [String: String]) -> [String] {
      ForeignCache.all(environment: environment).map(\.root).filter { $0.hasPrefix(folder.path) }
        .map { String($0.dropFirst(folder.path.count + 1)) }
    }
    #expect(roots(["HOME": folder.path]) == [".ollama/models", ".lmstudio/models", ".cache/huggingface/hub"])
    #expect(
      roots(["HOME": folder.path, "OLLAMA_MODELS": folder.path + "/o", "HF_HOME": folder.path + "/h"])
        == ["o", ".lmstudio/models", "h/hub"])
    #expect(roots([:]) == [])
  }
}
