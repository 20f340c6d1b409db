package import MinkeTensors

/// The next tokens of one sequence: its part of a batch.
package struct SequenceInput {
  /// Token ids, at the positions that follow those in `cache`.
  package var tokens: ArraySlice<Int32>
  /// The sequence's keys and values; the pass appends to it.
  package var cache: KVCache
  /// How many of the last tokens' logits are wanted: 1 to continue the sequence, 0 for an inner part of a
  /// prompt.
  package var logitCount: Int

  package init(_ tokens: ArraySlice<Int32>, cache: KVCache, logitCount: Int = 1) {
    self.tokens = tokens
    self.cache = cache
    self.logitCount = logitCount
  }

  package init(_ tokens: [Int32], cache: KVCache, logitCount: Int = 1) {
    self.init(tokens[...], cache: cache, logitCount: logitCount)
  }
  /// Makes one token the sequence's part of the next pass, in the memory of the token before.
  package mutating func setToken(_ token: Int32) {
    if tokens.count == 1 {
      tokens[tokens.startIndex] = token
    } else {
      tokens = [token]
    }
  }
}
