import Foundation
import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

/// A checkpoint in a folder of its own and an empty cache beside it, removed with the value.
final class PackFixture: Sendable {
  let root: String
  let model: TinyModel
  /// What a digest is computed as; tests count how often.
  let digest: String
  let digestCount = Locked(0)
  let notes = Locked<[String]>([])
  /// The checkpoint's copy.
  var source: String { root + "/model.gguf" }
  var folder: String { root + "/home/packed" }

  init(_ name: String = "llama-regular", digest: Character = "a", root: String? = nil) throws {
    self.root = root ?? NSTemporaryDirectory() + "minke-pack-" + UUID().uuidString
    model = try TinyModel(name)
    self.digest = String(repeating: digest, count: 64)
    try FileManager.default.createDirectory(atPath: self.root, withIntermediateDirectories: true)
    if !FileManager.default.fileExists(atPath: source) {
      try FileManager.default.copyItem(atPath: TinyModel.url(name + ".gguf.bin").path, toPath: source)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  /// A cache that knows the checkpoint's digest.
  func cache(byteLimit: Int? = 1 << 30) -> PackCache {
    PackCache(folder: folder, byteLimit: byteLimit, digest: .known(digest)) { [self] note in
      notes.withLock { $0.append(note) }
    }
  }

  /// A cache that has to ask.
  func askingCache() -> PackCache {
    var cache = cache()
    cache.digest = .computed { [self] paths in
      digestCount.withLock { $0 += 1 }
      guard paths == [source] else { throw CocoaError(.fileNoSuchFile) }
      return digest
    }
    return cache
  }

  struct Loaded {
    let origin: WeightOrigin
    let logits: [Float]
  }

  /// Loads the checkpoint, waits until its weights are kept, and runs it.
  func load(_ cache: PackCache?, threads: Int = 2) throws -> Loaded {
    let model = try Transformer(
      GGUFFile(path: source), pool: WorkerPool(threadCount: threads), packCache: cache)
    model.packWriting?.wait()
    let workspace = try model.makeWorkspace(.init(rows: 64, logitRows: 64))
    let tokens = self.model.tokens
    let rows = try model.forward(
      [
        SequenceInput(
          tokens[...], cache: model.makeCache(capacity: 128, keys: .f32, values: .f32),
          logitCount: tokens.count)
      ],
      in: workspace)
    return Loaded(
      origin: model.weightOrigin, logits: (0..<rows.count).flatMap { unsafe Array(rows.buffer(row: $0)) })
  }

  /// Loads with the cache, and checks where the weights came from and that they are the same, bit for bit.
  func expect(
    _ origin: WeightOrigin, _ cache: PackCache? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try load(cache ?? self.cache())
    #expect(found.origin == origin, sourceLocation: sourceLocation)
    let plain = try load(nil)
    #expect(plain.origin == .checkpoint)
    let same = found.logits.map(\.bitPattern) == plain.logits.map(\.bitPattern)
    #expect(same, sourceLocation: sourceLocation)
  }

  /// Names in the cache's folder, sorted.
  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() }

  /// The path of the only file of packed weights.
  func pack() throws -> String {
    let packs = names.filter { $0.hasSuffix(".pack") }
    return folder + "/" + (try #require(packs.count == 1 ? packs.first : nil))
  }

  /// Changes the file of packed weights in place.
  func edit(_ change: (inout Data) -> Void) throws {
    let path = try pack()
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    change(&data)
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: data)
    try file.close()
  }
}

/// A value that any thread may use, one at a time.
final class Locked<Value: Sendable>: @unchecked Sendable {
  // Every access is under the lock.
  private let lock = NSLock()
  private var stored: Value

  init(_ value: Value) { stored = value }

  var value: Value { lock.withLock { stored } }

  func withLock<Result>(_ body: (inout Value) -> Result) -> Result { lock.withLock { body(&stored) } }
}
