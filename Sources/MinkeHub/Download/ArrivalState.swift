/// What of a file has arrived and who fetches what next: shared by the connections and the hash that follows them.
actor ArrivalState {
  private(set) var digests: ChunkDigests
  private let partial: PartialFile
  private var runs: ArraySlice<Range<Int>>
  /// Chunks before this one have all arrived.
  private var frontier = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var isFinished = false
  /// Bytes of chunks that are whole or on their way.
  private var arrived: Int
  private let total: Int
  private let progress: @Sendable (FetchProgress) -> Void
  private var told = 0
  /// Bytes since the disk was last told to take them.
  private var unsaved = 0
  private static let saveInterval = 128 << 20

  /// - Parameters:
  ///   - digests: of the chunks that are there already.
  ///   - runs: what to fetch, in order.
  init(
    digests: ChunkDigests, runs: [Range<Int>], partial: PartialFile,
    progress: @escaping @Sendable (FetchProgress) -> Void
  ) {
    self.digests = digests
    self.partial = partial
    self.runs = runs[...]
    self.progress = progress
    total = digests.plan.size
    arrived = digests.byteCount
    while digests.contains(frontier) { frontier += 1 }
  }

  /// The next run of chunks that nobody has taken.
  func nextRun() -> Range<Int>? { runs.popFirst() }

  /// Bytes came in, or, with a negative count, were given up.
  func count(_ bytes: Int) {
    arrived = min(max(arrived + bytes, 0), total)
    // Often enough for people.
    guard abs(arrived - told) >= min(1 << 20, max(total / 100, 1)) || arrived == total else { return }
    told = arrived
    progress(FetchProgress(phase: .downloading, completed: arrived, total: total))
  }

  /// A chunk is on the disk.
  func complete(_ chunk: Int, _ digest: SHA256Digest) throws(HubError) {
    if digests[chunk] != digest {
      digests[chunk] = digest
      try partial.note(chunk, digest)
    }
    unsaved += digests.plan.bytes(of: chunk).count
    if unsaved >= Self.saveInterval {
      unsaved = 0
      partial.data.beginWriting()
    }
    while digests.contains(frontier) { frontier += 1 }
    wake()
  }

  /// Waits until more than `known` chunks at the beginning have arrived, or no more will.
  ///
  /// - Returns: how many have.
  func chunks(beyond known: Int) async -> Int {
    while frontier <= known, !isFinished {
      await withCheckedContinuation { waiting.append($0) }
    }
    return frontier
  }

  /// Nothing more will come.
  func finish() {
    isFinished = true
    wake()
  }

  private func wake() {
    for waiter in waiting { waiter.resume() }
    waiting = []
  }
}
