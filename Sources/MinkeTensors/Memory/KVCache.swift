/// The keys and values that one sequence has computed so far, for all layers: a view of blocks of a ``KVPool``, and the
/// sequence's state where its model has one.
///
/// Each group of layers has a table of its own that says which block of the pool holds 64 positions of the sequence.
@safe
package final class KVCache {
  package let pool: KVPool
  /// Positions there is room for in the tables.
  package let capacity: Int
  /// Positions that hold keys and values. Raise it after a forward pass has written all layers; lower it to
  /// forget the end of the sequence, where ``canForget``.
  package var count = 0 {
    didSet { precondition(count >= 0 && count <= capacity, "count within the capacity") }
  }
  /// Positions that the state has seen.
  package internal(set) var seenCount = 0

  /// Entries of one group's table.
  private let tableLength: Int
  /// The table of one group after the other; −1 where there is no block.
  private let tables: UnsafeMutablePointer<Int32>
  private let groups: UnsafeMutablePointer<KVGroupView>
  let state: Arena?

  package var shape: KVCacheShape { pool.shape }

  /// An empty sequence without blocks: see ``setBlock(_:at:group:)``.
  ///
  /// - Throws: ``TensorError`` when memory for `capacity` positions cannot be reserved.
  package init(pool: KVPool, capacity: Int) throws(TensorError) {
    let shape = pool.shape
    guard (1...1 << 32).contains(capacity), let stateBytes = shape.stateByteCount else {
      throw TensorError(
        "key/value cache of \(capacity) positions", found: "\(shape.stateCount) floats of state",
        expected: "1 to \(1 << 32) positions and a state that fits the address space")
    }
    self.pool = pool
    self.capacity = capacity
    state =
      stateBytes > 0
      ? try Arena(byteCount: stateBytes, for: "state of a sequence", isFilled: true) : nil
    tableLength = KVCacheShape.blockCount(capacity)
    unsafe tables = .allocate(capacity: tableLength * shape.groups.count)
    unsafe tables.initialize(repeating: -1, count: tableLength * shape.groups.count)
    unsafe groups = .allocate(capacity: shape.groups.count)
    for (index, group) in shape.groups.enumerated() {
      unsafe (groups + index).initialize(
        to: KVGroupView(
          base: pool.base(index), blocks: tables + index * tableLength,
          blockStride: pool.layout.blockStrides[index], layerStride: pool.layout.layerStride,
          headStride: pool.layout.headStride, layerCount: group.layerCount))
    }
  }

  /// An empty sequence that has blocks of its own for all positions, in memory that is reserved at once and taken up as the
  /// sequence grows.
  ///
  /// - Throws: ``TensorError`` when the shape has no extent or memory for `capacity` positions cannot be
  ///   reserved.
  package convenience init(_ shape: KVCacheShape, capacity: Int) throws(TensorError) {
    let pool = try KVPool(
      shape, blockCounts: shape.groups.map { _ in KVCacheShape.blockCount(max(capacity, 0)) },
      for: "key/value cache of \(capacity) positions")
    try self.init(pool: pool, capacity: capacity)
    for group in shape.groups.indices {
      for index in 0..<tableLength { setBlock(Int32(index), at: index, group: group) }
    }
  }

  deinit {
    // Both hold trivial values: nothing to deinitialise.
    unsafe tables.deallocate()
    unsafe groups.deallocate()
  }

  /// What operations need of the cache. The cache must outlive it.
  package var view: KVCacheView {
    unsafe KVCacheView(
      groups: groups, groupCount: pool.shape.groups.count, valueOffset: pool.layout.valueOffset,
      headDimension: pool.shape.headDimension, valueDimension: pool.shape.valueDimension,
      headCount: pool.shape.headCount, capacity: capacity,
      keyElement: pool.shape.keyElement.kernelElement, valueElement: pool.shape.valueElement.kernelElement,
      state: state?.base.assumingMemoryBound(to: Float.self))
  }
}

// MARK: Blocks

extension KVCache {
  /// Makes a block of the pool, or none, the one that holds the positions from `64 · index` in the layers of a group.
  ///
  /// Not during a pass. A pass writes the blocks of its rows' positions and reads those that its rows see: they must be
  /// there, and those it writes must be in no other table. Nothing is allocated.
  package func setBlock(_ block: Int32?, at index: Int, group: Int) {
    let block = block ?? -1
    precondition(index >= 0 && index < tableLength, "a place in the table")
    precondition(block >= -1 && Int(block) < pool.blockCounts[group], "a block of the pool")
    unsafe tables[group * tableLength + index] = block
  }

  /// The block that was set, if any.
  package func block(at index: Int, group: Int) -> Int32? {
    precondition(index >= 0 && index < tableLength && pool.blockCounts.indices.contains(group))
    let block = unsafe tables[group * tableLength + index]
    return block < 0 ? nil : block
  }

  /// Whether all blocks are there that the next pass of `rowCount` rows reads or writes.
  package func hasBlocks(forNext rowCount: Int) -> Bool {
    for group in pool.shape.groups.indices {
      let blocks = unsafe tables + group * tableLength
      for index in pool.shape.groups[group].blocks(position: count, rowCount: rowCount)
      where unsafe blocks[index] < 0 { return false }
    }
    return true
  }
}

// MARK: Positions

extension KVCache {
  /// Whether the end of the sequence alone can be forgotten: a state has no end.
  package var canForget: Bool { state == nil }

  /// Forgets all but the first `length` positions, or all where that is impossible.
  package func keep(first length: Int) {
    guard length < count else { return }
    count = canForget ? length : 0
  }

  /// Takes positions for written that no pass has: for measurements, whose results mean nothing.
  package func assume(_ length: Int) {
    count = length
    seenCount = length
  }

  /// Makes the state that of the ``count`` positions that there are; false when it has seen others.
  package func prepareState() -> Bool {
    guard let state else { return true }
    if count == 0, seenCount > 0 {
      unsafe state.base.initializeMemory(as: UInt8.self, repeating: 0, count: state.byteCount)
      seenCount = 0
    }
    return seenCount == count
  }

  /// A pass is about to add positions up to ``count`` to the state.
  package func advanceState() { seenCount = count }
}
