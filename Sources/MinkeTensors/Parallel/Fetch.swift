internal import CMinkeKernels

/// Brings the beginning of a worker's share of a matrix into its second-level cache, line by line.
@safe
struct Fetch {
  private var place: UnsafeRawPointer
  private let end: UnsafeRawPointer

  /// What a second-level cache has room for beside activations.
  private static let mostBytes = 192 << 10

  init(_ weights: PackedMatrix, worker: Worker) {
    unsafe place = UnsafeRawPointer(weights.firstPanel(of: worker))
    let bytes =
      worker.share(of: weights.panelCount).count * weights.format.panelByteCount(columns: weights.columns)
    unsafe end = unsafe place + min(bytes, Self.mostBytes)
  }

  /// Asks for a few lines; false when there is nothing left to fetch.
  @inline(__always)
  mutating func step() -> Bool {
    guard unsafe place < end else { return false }
    for line in 0..<4 { unsafe minke_cpu_fetch(place + 64 * line) }
    unsafe place += 256
    return true
  }
}
