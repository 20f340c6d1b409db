/// The blocks in which the sequences of one model keep their keys and values, of each group of layers apart.
///
/// A block holds 64 positions for all layers of its group. Which sequence has which blocks is the business of whoever
/// fills the tables of ``KVCache``; a block may be in several. Address space is reserved at once and memory taken up where
/// blocks are written, in large pages: whoever hands out the lowest numbers first takes no more than a sequence needs.
/// What a block has held before changes no result.
@safe
package final class KVPool: Sendable {
  package let shape: KVCacheShape
  /// Blocks of each group.
  package let blockCounts: [Int]
  let layout: KVCacheLayout
  private let arenas: [Arena]

  /// - Throws: ``TensorError`` when the shape has no extent or the memory cannot be reserved.
  package init(
    _ shape: KVCacheShape, blockCounts: [Int], for subject: String = "pool of key/value blocks"
  ) throws(TensorError) {
    guard let layout = KVCacheLayout(shape) else {
      throw TensorError(
        subject,
        found: "\(shape.groups.map(\.layerCount)) layers, \(shape.headCount) heads of \(shape.headDimension)",
        expected: "positive sizes whose product fits the address space")
    }
    guard blockCounts.count == shape.groups.count,
      blockCounts.allSatisfy({ (1...Int(Int32.max)).contains($0) })
    else {
      throw TensorError(
        subject, found: "\(blockCounts) blocks",
        expected: "1 to \(Int32.max) for each of \(shape.groups.count) groups of layers")
    }
    self.shape = shape
    self.blockCounts = blockCounts
    self.layout = layout
    var arenas: [Arena] = []
    for (count, stride) in zip(blockCounts, layout.blockStrides) {
      let (bytes, overflow) = count.multipliedReportingOverflow(by: stride)
      guard !overflow else {
        throw TensorError(
          subject, found: "\(count) blocks of \(stride) bytes", expected: "a size that fits the address space"
        )
      }
      arenas.append(try Arena(byteCount: bytes, for: subject, isFilled: true))
    }
    self.arenas = arenas
  }

  /// Bytes of one block of a group.
  package func blockByteCount(_ group: Int) -> Int { layout.blockStrides[group] }

  /// A block's keys and values, as they may be kept elsewhere and put back. The pool must outlive it.
  package func bytes(of block: Int32, group: Int) -> UnsafeMutableRawBufferPointer {
    let stride = layout.blockStrides[group]
    precondition(block >= 0 && Int(block) < blockCounts[group], "a block of the pool")
    return unsafe UnsafeMutableRawBufferPointer(start: base(group) + Int(block) * stride, count: stride)
  }

  /// Makes `other` the same as `block`.
  package func copy(_ block: Int32, to other: Int32, group: Int) {
    guard block != other else { return }
    unsafe bytes(of: other, group: group).copyMemory(
      from: UnsafeRawBufferPointer(bytes(of: block, group: group)))
  }

  /// Gives the memory of blocks back to the system as far as it is whole pages; what they held is lost.
  ///
  /// Successive numbers are given back together, with the pages that they share.
  package func release(_ blocks: some Sequence<Int32>, group: Int) {
    let stride = layout.blockStrides[group]
    var run = 0..<0
    for block in blocks {
      precondition(block >= 0 && Int(block) < blockCounts[group], "a block of the pool")
      let start = Int(block) * stride
      if start == run.upperBound, !run.isEmpty {
        run = run.lowerBound..<start + stride
      } else {
        arenas[group].release(run)
        run = start..<start + stride
      }
    }
    arenas[group].release(run)
  }

  /// Block 0 of a group.
  func base(_ group: Int) -> UnsafeMutableRawPointer { unsafe arenas[group].base }
}
