internal import MinkeEngine
internal import MinkeModels
internal import MinkeTensors

/// Computes the embeddings of some texts, several short ones in a pass, a long one in several.
final class EmbeddingJob: EngineJob, @unchecked Sendable {
  // Sendable by hand: after it is made it is touched on the engine's queue only, and who made it waits for `whenDone`.

  let identity: Identity
  private let engine: Engine
  private let texts: [[Int32]]
  private let pooling: EmbeddingPooling
  private let normalizes: Bool
  private let isCancelled: @Sendable () -> Bool
  private let whenDone: (Result<[Embedding], MinkeError>) -> Void
  private var embeddings: [Embedding] = []
  /// The text of which the beginning has been computed.
  private var begun: (sum: EmbeddingSum, cache: KVCache)?

  /// - Parameters:
  ///   - texts: tokens, at least one of each.
  ///   - isCancelled: whether nobody waits any more; asked before every pass.
  init(
    _ engine: Engine, _ texts: [[Int32]], _ pooling: EmbeddingPooling, normalizes: Bool, identity: Identity,
    isCancelled: @escaping @Sendable () -> Bool, whenDone: @escaping (Result<[Embedding], MinkeError>) -> Void
  ) {
    self.engine = engine
    self.texts = texts
    self.pooling = pooling
    self.normalizes = normalizes
    self.identity = identity
    self.isCancelled = isCancelled
    self.whenDone = whenDone
  }

  func proceed(rows: Int) -> Bool {
    do {
      if isCancelled() { throw Self.cancellation }
      if embeddings.count < texts.count { try pass(rows: rows) }
    } catch {
      whenDone(.failure(MinkeError(error)))
      return false
    }
    guard embeddings.count == texts.count else { return true }
    whenDone(.success(embeddings))
    return false
  }

  func withdrawn() { whenDone(.failure(Self.cancellation)) }

  private static let cancellation = MinkeError(.cancelled, "the embedding was cancelled")

  /// Computes what is next: whole texts as long as they fit, or a part of one that does not.
  private func pass(rows: Int) throws {
    var batch: [(sum: EmbeddingSum, cache: KVCache, tokens: ArraySlice<Int32>)] = []
    var left = rows
    for text in texts[embeddings.count...] {
      guard batch.isEmpty || text.count <= left else { break }
      let (sum, cache) = try begun ?? (EmbeddingSum(pooling, width: width), makeCache(text.count))
      begun = nil
      let tokens = text[cache.count...].prefix(left)
      batch.append((sum, cache, tokens))
      left -= tokens.count
      if left == 0 { break }
    }
    let hidden = try engine.transformer.embed(
      batch.map { SequenceInput($0.tokens, cache: $0.cache, logitCount: 0) }, in: engine.workspace)
    var row = 0
    for (sum, cache, tokens) in batch {
      var sum = sum
      for _ in tokens {
        unsafe sum.add(UnsafeBufferPointer(hidden.buffer(row: row)))
        row += 1
      }
      let text = texts[embeddings.count]
      guard cache.count == text.count else {
        begun = (sum, cache)
        return
      }
      embeddings.append(
        Embedding(vector: try sum.vector(normalizes: normalizes), tokenCount: text.count))
    }
  }

  private var width: Int { engine.transformer.configuration.hiddenSize }

  /// The keys and values of one text, which nothing else uses.
  private func makeCache(_ capacity: Int) throws(TensorError) -> KVCache {
    let shape = engine.transformer.configuration.cacheShape(engine.options.keys, engine.options.values)
    return try KVCache(shape, capacity: capacity)
  }
}
