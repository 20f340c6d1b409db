public import MinkeEngine
internal import MinkeModels

/// What a file of a cache holds.
public struct SavedCache: Sendable, Equatable {
  /// Tokens whose keys and values are in the file.
  public var tokens = 0
  /// Bytes of these keys and values.
  public var bytes = 0
  /// Why none could be saved with a conversation.
  public var leftOut: String?
}

/// What became of a cache that was saved.
public struct RestoredCache: Sendable, Equatable {
  /// Tokens whose keys and values have come back.
  public var tokens = 0
  /// Bytes of these.
  public var bytes = 0
  /// Tokens that the cache had already.
  public var presentTokens = 0
  /// Tokens for which there was no room.
  public var leftOutTokens = 0
  /// Why nothing of it is of use to this model, where a conversation came back without its cache.
  public var leftOut: String?
}

extension LanguageModel {
  /// Saves the keys and values that the engine keeps for an identity, so that another process need not compute them again.
  ///
  /// The file says what was asked and answered to whoever can read it, so only this user may; it appears under its name when it
  /// is complete. Answers go on meanwhile. It waits for the disk.
  ///
  /// - Throws: ``MinkeError``: the file cannot be written, or the model has a state in place of a cache (`minimax-01`).
  @discardableResult
  public func saveCache(to path: String, identity: Identity = .local) throws(MinkeError) -> SavedCache {
    try rethrowing {
      try SavedCache(
        engine.save(.everything, of: identity, fingerprint: try fingerprint(), to: path))
    }
  }

  /// Brings saved keys and values back for an identity.
  ///
  /// They take room that is free, or that the identity's own older ones have; nobody else's are given up for them. What there
  /// is no room for, or is there already, is left out. Afterwards they are kept as what was computed here.
  ///
  /// - Throws: ``MinkeError``: the file is damaged, or was saved by another model or with other types of the cache. Nothing of
  ///   such a file is used; of one that somebody changes meanwhile, what came before may be.
  @discardableResult
  public func restoreCache(from path: String, identity: Identity = .local) throws(MinkeError) -> RestoredCache
  {
    try rethrowing {
      let file = try SavedFile.opened(path: path)
      return try RestoredCache(engine.restore(file, fingerprint: fingerprint(), into: identity))
    }
  }

  /// What saved keys and values of this model are known by.
  func fingerprint() throws -> CacheFingerprint {
    engine.fingerprint(checkpoint: try engine.transformer.checkpointDigest())
  }
}

extension SavedCache {
  init(_ counts: SavedCounts) { (tokens, bytes) = (counts.tokens, counts.bytes) }
}

extension RestoredCache {
  init(_ counts: RestoredCounts) {
    (tokens, bytes) = (counts.tokens, counts.bytes)
    (presentTokens, leftOutTokens) = (counts.presentTokens, counts.leftOutTokens)
  }
}
