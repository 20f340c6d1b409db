/// Consecutive rows of a batch that are consecutive positions of one sequence.
package struct SequenceSlice {
  /// The slice's rows of the batch.
  package var firstRow: Int
  package var rowCount: Int
  /// Position in the sequence of the first row.
  package var position: Int
  /// The sequence's keys and values.
  package var cache: KVCacheView

  package init(firstRow: Int, rowCount: Int, position: Int, cache: KVCacheView) {
    precondition(firstRow >= 0 && rowCount >= 0 && position >= 0, "a slice has a place")
    precondition(rowCount <= cache.capacity - position, "the cache has room for the slice")
    self.firstRow = firstRow
    self.rowCount = rowCount
    self.position = position
    self.cache = cache
  }
}
