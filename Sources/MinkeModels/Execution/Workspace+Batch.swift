internal import MinkeTensors

extension Workspace {
  /// Checks a batch and lays it out: tokens and slices row by row, and the rows whose logits are wanted.
  ///
  /// On return the caches count the batch's positions, which the pass is to fill. When it throws they are
  /// as before. A cache that occurs twice is continued: its second part follows its first.
  ///
  /// - Parameter embeds: whether embeddings of all rows are wanted, and no logits.
  func lay(_ batch: [SequenceInput], embeds: Bool) throws(ModelError) -> ForwardPass {
    var (rows, slice, logits) = (0, 0, 0)
    do throws(ModelError) {
      for input in batch {
        let logitCount = embeds ? 0 : input.logitCount
        try check(input, logitCount, rows: rows, logits: logits)
        let position = input.cache.count
        guard input.cache.prepareState() else {
          throw ModelError(
            .cache, "cache of sequence \(slice)", found: "a state that has seen other positions",
            expected: "the state of its \(position) positions: it can be emptied, but not shortened")
        }
        precondition(input.cache.hasBlocks(forNext: input.tokens.count), "the blocks that the pass needs")
        input.cache.count = position + input.tokens.count
        unsafe slices[slice] = SequenceSlice(
          firstRow: rows, rowCount: input.tokens.count, position: position, cache: input.cache.view)
        slice += 1
        for (offset, token) in input.tokens.enumerated() {
          guard token >= 0, Int(token) < configuration.vocabularySize else {
            throw ModelError(
              .token, "token \(offset) of sequence \(slice - 1)", found: "id \(token)",
              expected: "0 to \(configuration.vocabularySize - 1)")
          }
          unsafe tokens[rows + offset] = token
        }
        rows += input.tokens.count
        for row in rows - logitCount..<rows {
          unsafe logitRows[logits] = Int32(row)
          logits += 1
        }
      }
    } catch {
      for input in batch.prefix(slice) { input.cache.count -= input.tokens.count }
      throw error
    }
    for input in batch { input.cache.advanceState() }
    var pass = pass(rows: rows, slices: slice, logitRows: logits)
    if embeds { pass.embeddings = embeddings(rows: rows) }
    return pass
  }

  /// Whether one more sequence fits beside `rows` rows and `logits` rows with logits.
  private func check(
    _ input: SequenceInput, _ logitCount: Int, rows: Int, logits: Int
  ) throws(ModelError) {
    let count = input.tokens.count
    guard count > 0, count <= limits.rows - rows else {
      throw ModelError(
        .workspace, "tokens of a sequence", found: "\(count)",
        expected: "at least 1 and at most \(limits.rows - rows), the room that is left in the batch")
    }
    guard logitCount >= 0, logitCount <= min(count, limits.logitRows - logits) else {
      throw ModelError(
        .workspace, "rows with logits", found: "\(logitCount)",
        expected: "0 to \(min(count, limits.logitRows - logits)), the room that is left")
    }
    let cache = input.cache
    guard cache.shape.isSame(as: cacheShape) else {
      throw ModelError(.cache, "cache", found: "one of another model's shape", expected: "this model's")
    }
    guard count <= cache.capacity - cache.count else {
      throw ModelError(
        .cache, "positions of a sequence", found: "\(cache.count) and \(count) more",
        expected: "at most \(cache.capacity), the cache's capacity")
    }
  }
}

extension KVCacheShape {
  /// Whether two shapes differ in nothing but the types of keys and values.
  fileprivate func isSame(as other: Self) -> Bool {
    groups == other.groups && headCount == other.headCount && headDimension == other.headDimension
      && latentValueDimension == other.latentValueDimension && stateCount == other.stateCount
  }
}
