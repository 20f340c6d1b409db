/// One of the threads that run the same code in a parallel region of a ``WorkerPool``.
///
/// A trivial value, valid while the region runs.
@safe
package struct Worker {
  /// 0 for the thread that called `run` of the pool.
  package let index: Int
  package let count: Int
  /// The region's barrier; nil when there is one worker only.
  let region: UnsafeMutablePointer<ParallelRegion>?

  init(index: Int, count: Int, region: UnsafeMutablePointer<ParallelRegion>?) {
    self.index = index
    self.count = count
    unsafe self.region = unsafe region
  }

  /// A worker that does everything itself: for code outside a region, and for work that each thread of a
  /// region does redundantly on memory of its own.
  package static var alone: Worker { unsafe Worker(index: 0, count: 1, region: nil) }

  /// Waits until every worker of the region is here; what they wrote before is visible after.
  ///
  /// Every worker must call it the same number of times.
  @inline(__always)
  package func synchronize() {
    if let region = unsafe region { unsafe ParallelRegion.synchronize(region, count: count) }
  }

  /// Waits as ``synchronize()`` does, and fetches meanwhile what this worker will read first of `weights`: they do not
  /// depend on what it waits for, and memory would else be idle.
  @inline(__always)
  package func synchronize(fetching weights: PackedMatrix) {
    guard let region = unsafe region else { return }
    var ahead = Fetch(weights, worker: self)
    unsafe ParallelRegion.synchronize(region, count: count) { ahead.step() }
  }

  /// This worker's part of `0 ..< n`: contiguous, each worker's next to its neighbour's, as equal as whole
  /// steps of `step` allow. The last step may be cut short by `n`.
  @inlinable
  package func share(of n: Int, multipleOf step: Int = 1) -> Range<Int> {
    precondition(n >= 0 && step > 0)
    let steps = (n - 1 + step) / step
    let first = steps * index / count * step
    let end = steps * (index + 1) / count * step
    return min(first, n)..<min(end, n)
  }

  /// This worker's part of a matrix that is computed element by element: whole rows where there are at least as many
  /// as workers, else a part of each row in steps of 32 columns (two cache lines, and a block of quantised
  /// activations).
  ///
  /// Operations that divide their work so can follow one another without a barrier between.
  @inlinable
  package func part(rows: Int, columns: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    rows >= count
      ? (share(of: rows), 0..<columns) : (0..<rows, share(of: columns, multipleOf: 32))
  }
}
