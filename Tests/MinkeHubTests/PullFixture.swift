import Foundation
import MinkeHub
import Testing

/// A store of its own over a stand-in hub.
struct PullFixture {
  let folder: TemporaryDirectory
  let server: StandInHub
  let hub: Hub

  /// - Parameter patience: long, since other tests may keep all threads busy for a while.
  init(
    _ handler: StandInHub.Handler? = nil, token: String? = nil, insecure: Bool = false, offline: Bool = false,
    patience: Duration = .seconds(300), retries: Int = 4, resolver: any HostResolver = SystemResolver()
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
