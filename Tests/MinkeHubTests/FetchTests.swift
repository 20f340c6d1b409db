import Foundation
import MinkeHub
import Testing

@Suite struct `Fetching into the store` {
  @Test func `A file in parts arrives whole, with its manifest`() async throws {
    let index = try FakeIndex()
    let entry = try index.offer(["GGUF-one;", "two;", String(repeating: "three", count: 300_000)])
    let hub = index.hub(.works, entries: [entry])
    let seen = Log()
    #expect(try hub.locate("tiny") == .offered(entry, nil))

    let (manifest, path) = try await hub.fetch(entry) { seen.append($0) }

    #expect(try SHA256Digest(ofFile: path) == entry.package.file.digest)
    #expect(index.calls == 3)
    let digest = entry.package.file.digest.hex
    #expect(
      index.kept == [
        "blobs", "blobs/sha256-" + digest, "chunks", "chunks/sha256-" + digest, "models", "models/tiny",
        "models/tiny/test.json", "staging",
      ])
    #expect(try hub.store.manifest(of: entry.name) == manifest)
    #expect(try hub.locate("tiny:test") == .stored(manifest, path: path))
    #expect(try hub.locate("tiny") == .stored(manifest, path: path))
    #expect(hub.listings().map(\.isFetched) == [true])

    let steps = seen.all
    #expect(steps.last?.phase == .verifying)
    #expect(steps.last?.completed == entry.package.downloadSize)
    #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.completed <= $1.completed })
    #expect(!FileManager.default.isWritableFile(atPath: path) || getuid() == 0)
  }

  @Test func `What is there is not fetched again`() async throws {
    let index = try FakeIndex()
    let entry = try index.offer(["once"])
    _ = try await index.hub(.works, entries: [entry]).fetch(entry)
    let broken = index.hub(.fails, says: "No module named pip", entries: [entry])
    _ = try await broken.fetch(entry)
    _ = try await broken.fetch(blob: entry.package)
    #expect(index.calls == 1)
  }

  @Test func `Another content than the pinned one is refused and not kept`() async throws {
    let index = try FakeIndex()
    let other = String(repeating: "0", count: 64)
    let entry = try index.offer(["text"], digest: other)
    let error = await #expect(throws: HubError.self) {
      try await index.hub(.works, entries: [entry]).fetch(entry)
    }
    guard case .digestMismatch(_, let found, let expected)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(expected.hex == other && found.hex != other)
    #expect(index.kept == ["staging"])
  }

  @Test func `A part that is longer than the whole is cut off, not written`() async throws {
    let index = try FakeIndex()
    var entry = try index.offer([String(repeating: "x", count: 3_000_000)])
    entry.package.file.size = 10
    let error = await #expect(throws: HubError.self) {
      try await index.hub(.works, entries: [entry]).fetch(entry)
    }
    #expect("\(error as Any)".contains("longer than expected"))
    #expect(index.kept == ["staging"])
  }

  @Test func `An archive without the member is refused`() async throws {
    let index = try FakeIndex()
    var entry = try index.offer(["x"])
    entry.package.parts[0].member = "../../etc/passwd"
    let error = await #expect(throws: HubError.self) {
      try await index.hub(.works, entries: [entry]).fetch(entry)
    }
    guard case .badArchive? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(index.kept == ["staging"])
  }

  @Test func `Cancelling ends pip and leaves nothing`() async throws {
    let index = try FakeIndex()
    let entry = try index.offer(["never"])
    let hub = index.hub(.slow, entries: [entry])
    let task = Task { try await hub.fetch(entry).path }
    let process = try await eventually { index.process }
    #expect(kill(process, 0) == 0)
    #expect(index.kept.contains { $0.hasSuffix("tmp/archive.whl") })

    task.cancel()

    await #expect(throws: HubError.cancelled) { try await task.value }
    #expect(kill(process, 0) != 0)
    #expect(index.kept == ["staging"])
  }

  @Test func `A fetch that died is swept away and done again`() async throws {
    let index = try FakeIndex()
    let entry = try index.offer(["again"])
    let other = "sha256-" + String(repeating: "e", count: 64)
    for name in ["sha256-" + entry.package.file.digest.hex, other] {
      let folder = index.store.root + "/staging/" + name
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data("half".utf8).write(to: URL(fileURLWithPath: folder + "/joined"))
      try Data().write(to: URL(fileURLWithPath: folder + ".lock"))
    }
    let (_, path) = try await index.hub(.works, entries: [entry]).fetch(entry)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "again")
    #expect(!index.kept.contains { $0.hasPrefix("staging/") })
  }

  @Test func `What another process is fetching is left alone, and waited for`() async throws {
    let index = try FakeIndex()
    let entry = try index.offer(["shared"])
    let first = index.hub(.slow, entries: [entry])
    let second = index.hub(.works, entries: [entry])
    let slow = Task { try await first.fetch(entry).path }
    _ = try await eventually { index.process }

    let seen = Log()
    let waiting = Task { try await second.fetch(entry) { seen.append($0) }.path }
    _ = try await eventually { seen.all.first }
    #expect(seen.all.first?.phase == .waiting)
    #expect(index.kept.contains { $0.hasSuffix("tmp/archive.whl") })

    slow.cancel()
    let path = try await waiting.value
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "shared")
    #expect(!index.kept.contains { $0.hasPrefix("staging/") })
  }

  @Test func `Many at once fetch one time`() async throws {
    let index = try FakeIndex()
    let entry = try index.offer(["many"])
    let hub = index.hub(.works, entries: [entry])
    let paths = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<8 { group.addTask { try await hub.fetch(entry).path } }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(paths.count == 1)
    #expect(index.calls == 1)
  }

  @Test func `A fetch without bytes is given up`() async throws {
    let index = try FakeIndex()
    let entry = try index.offer(["stalled"])
    let error = await #expect(throws: HubError.self) {
      try await index.hub(.stalls, patience: .milliseconds(200), entries: [entry]).fetch(entry)
    }
    guard case .stalled? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(index.kept == ["staging"])
  }

  @Test(arguments: [
    ("/usr/bin/python3: No module named pip", "has no pip"),
    (
      "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "other than the one pinned"
    ),
    (
      """
      WARNING: Retrying after connection broken by 'NewConnectionError('…: Failed to establish a new \
      connection: [Errno -3] Temporary failure in name resolution')': /simple/tiny/
      ERROR: Could not find a version that satisfies the requirement tiny==1.0 (from versions: none)
      ERROR: No matching distribution found for tiny==1.0
      """, "no name resolution"
    ),
    (
      """
      ERROR: Could not find a version that satisfies the requirement tiny==1.0 (from versions: 2.0)
      ERROR: No matching distribution found for tiny==1.0
      """, "does not offer tiny-part0==1.0"
    ),
    ("OSError: [Errno 28] No space left on device", "of free space are needed"),
    ("", "it said nothing"),
    ("boom\u{1B}[31m\n\n", "\\u{1b}"),
  ]) func `What pip says becomes one clear line`(says: String, expected: String) async throws {
    let index = try FakeIndex()
    let entry = try index.offer(["x"])
    let error = await #expect(throws: HubError.self) {
      try await index.hub(.fails, says: says, entries: [entry]).fetch(entry)
    }
    let line = try #require(error).description
    #expect(line.contains(expected))
    #expect(!line.contains("\n") && !line.contains("\u{1B}"))
    #expect(index.kept == ["staging"])
  }

  @Test func `No Python is an error with a remedy`() {
    let source = PackageIndexSource(environment: ["PATH": "/nowhere:/neither"])
    #expect(throws: HubError.pythonMissing(searched: "/nowhere:/neither")) { try source.interpreter() }
  }
}

extension Catalogue.Entry {
  /// The packages of an entry that ``FakeIndex`` made.
  var package: PackageFile {
    get {
      guard case .packages(let file) = source else { preconditionFailure("an entry of packages") }
      return file
    }
    set { source = .packages(newValue) }
  }
}

/// Progress from any thread, in order.
final class Log: @unchecked Sendable {
  // Every access is under the lock.
  private let lock = NSLock()
  private var entries: [FetchProgress] = []

  var all: [FetchProgress] { lock.withLock { entries } }
  func append(_ progress: FetchProgress) { lock.withLock { entries.append(progress) } }
}

/// Waits until there is a value, for ten seconds at most.
func eventually<T>(_ value: () -> T?) async throws -> T {
  for _ in 0..<1000 {
    if let found = value() { return found }
    try await Task.sleep(for: .milliseconds(10))
  }
  throw CancellationError()
}
