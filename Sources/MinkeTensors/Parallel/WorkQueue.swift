internal import Synchronization

/// Work that the workers of a region take in turn, so that one that is held up, by the system or by a harder
/// part, leaves more to the others.
///
/// An operation's queue is one atomic number: the operation's number in the upper half, the items that are
/// taken in the lower. Queues are used in rotation: barriers keep workers within a few operations of each other.
@unsafe
struct WorkQueues: ~Copyable {
  private let queues: InlineArray<8, LonelyAtomic> = .init { _ in LonelyAtomic() }

  /// The next `step` of `count` items of an operation, or nil when all are taken.
  func claim(_ step: Int, of count: Int, operation: UInt32) -> Range<Int>? {
    let tag = UInt(operation) << 32
    let index = Int(operation % 8)
    var found = unsafe queues[index].value.load(ordering: .relaxed)
    while true {
      let state = UInt(bitPattern: found)
      // What another operation has left stands for nothing taken.
      let first = state & ~0xFFFF_FFFF == tag ? Int(state & 0xFFFF_FFFF) : 0
      guard first < count else { return nil }
      let end = min(first + step, count)
      let (exchanged, original) = unsafe queues[index].value.compareExchange(
        expected: found, desired: Int(bitPattern: tag | UInt(end)), ordering: .relaxed)
      if exchanged { return first..<end }
      found = original
    }
  }
}

extension Worker {
  /// Calls `body` with parts of `0 ..< n`, `step` at a time, until every item has been taken by some worker.
  ///
  /// Every worker of the region must call it, with the same numbers; no barrier. There may be up to 2³¹ items.
  @inline(__always)
  func takeTurns(_ n: Int, step: Int, _ body: (Range<Int>) -> Void) {
    guard let region = unsafe region else {
      if n > 0 { body(0..<n) }
      return
    }
    let place = unsafe region.pointee.operations + index * ParallelRegion.operationStride
    unsafe place.pointee &+= 1
    let operation = unsafe place.pointee
    while let part = unsafe region.pointee.queues.claim(step, of: n, operation: operation) { body(part) }
  }
}
