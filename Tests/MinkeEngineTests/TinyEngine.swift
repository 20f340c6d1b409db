import Foundation
import MinkeCheckpoints
import MinkeEngine
import MinkeModels
import MinkeTensors
import Synchronization

/// An engine with one of the random models of MinkeModels' tests, and what it comes to.
struct TinyEngine {
  let engine: Engine
  let vocabulary: Int
  let name: String
  /// What its blocks are known by: the model's name stands for a digest.
  var fingerprint: CacheFingerprint { engine.fingerprint(checkpoint: name) }

  /// - Parameter blocks: how many blocks of all layers there is memory for.
  init(
    _ name: String, keys: CacheElement = .f16, values: CacheElement = .f16, blocks: Int = 100
  ) throws {
    let goldens = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../MinkeModelsTests/Goldens/\(name).gguf.bin")
    let transformer = try Transformer(GGUFFile(path: goldens.path), pool: WorkerPool(threadCount: 1))
    vocabulary = transformer.configuration.vocabularySize
    self.name = name
    let shape = transformer.configuration.cacheShape(keys, values)
    var options = EngineOptions(
      cacheBytes: blocks * (shape.byteCount(capacity: 64) ?? 0), contextLength: 512, keys: keys,
      values: values)
    options.limits.rows = min(options.limits.rows, 64)
    options.limits.soloChunk = min(options.limits.soloChunk, 64)
    options.limits.chunk = min(options.limits.chunk, 64)
    engine = try Engine(transformer, options)
  }

  /// Tokens by chance, the same for the same seed.
  func tokens(_ count: Int, seed: UInt64) -> [Int32] {
    var random = RandomNumbers(seed: seed &* 977)
    return (0..<count).map { _ in Int32(random.below(vocabulary)) }
  }

  /// What a sequence came to.
  struct Outcome {
    /// Tokens of the prompt that the cache had.
    var cached = 0
    /// Prompt and answer.
    var tokens: [Int32] = []
    /// The bits of all logits of the answer.
    var logits: [[UInt32]] = []
  }

  /// Answers with the likeliest tokens.
  func run(_ prompt: [Int32], answer count: Int = 4, _ identity: Identity = .local) async throws -> Outcome {
    try await withCheckedThrowingContinuation { continuation in
      let driver = GreedyDriver(prompt, count) { continuation.resume(with: $0) }
      do {
        try engine.submit(EngineRequest(prompt, identity: identity, speculates: false), driver)
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  /// Bytes that are kept of sequences that have ended.
  var cachedBytes: Int { engine.cacheUsage.cached }

  /// What does not hold of the cache's books while nothing runs.
  var violations: [String] { engine.violations }
}

/// Chooses the likeliest token so many times.
private final class GreedyDriver: SequenceDriver, @unchecked Sendable {
  // Sendable by hand: called on the engine's queue only.
  private var outcome: TinyEngine.Outcome
  private var left: Int
  private var hasBegun = false
  private let done: (Result<TinyEngine.Outcome, any Error>) -> Void

  init(_ prompt: [Int32], _ count: Int, _ done: @escaping (Result<TinyEngine.Outcome, any Error>) -> Void) {
    outcome = .init(tokens: prompt)
    left = count
    self.done = done
  }

  func prefilled(_ done: Int, of total: Int) {
    if !hasBegun { outcome.cached = done }
    hasBegun = true
  }

  func next(_ logits: UnsafeMutableBufferPointer<Float>) throws -> NextTokens {
    guard left > 0 else { return .end }
    left -= 1
    let row = unsafe Array(logits)
    outcome.logits.append(row.map(\.bitPattern))
    let best = Int32(row.indices.max { row[$0] < row[$1] } ?? 0)
    outcome.tokens.append(best)
    return .one(best)
  }

  func ended(_ ending: SequenceEnding) {
    if case .failed(let error) = ending { done(.failure(error)) } else { done(.success(outcome)) }
  }
}

/// A folder that goes away with the object.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "minke-saving-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  func contents() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}
