/// What the cache has been asked for and what it had.
package struct CacheAccount: Sendable, Equatable {
  /// Tokens of prompts that sequences began with, those that began again included.
  package var promptTokens = 0
  /// Of these, the ones whose keys and values were there.
  package var cachedTokens = 0
  /// Blocks that made room for others.
  package var evictions = 0

  mutating func note(prompt: Int, cached: Int) {
    promptTokens += prompt
    cachedTokens += cached
  }
}

/// Who holds the memory of the cache now, in bytes.
package struct CacheUsage: Sendable, Equatable {
  package var limit: Int
  /// Of running sequences.
  package var running: Int
  /// Kept for sequences to come.
  package var cached: Int
  /// Taken up, free blocks that are about to be used again included.
  package var resident: Int
}

extension BlockManager {
  package var usage: CacheUsage {
    CacheUsage(
      limit: byteLimit, running: pinnedBytes, cached: usedBytes - pinnedBytes,
      resident: pools.reduce(0) { $0 + $1.residentCount * $1.byteCount })
  }
}
