/// How a file is cut: into chunks that are digested and noted one by one, and runs of chunks that are asked for at once.
///
/// A pure value; bytes and chunks are counted from 0.
package struct RangePlan: Equatable, Sendable {
  /// Bytes of the file.
  package let size: Int
  /// Bytes of every chunk but the last, which may be shorter.
  package let chunkSize: Int

  /// The largest file that is believed: 1 PB.
  package static let maximumSize = 1 << 50
  private static let megabyte = 1 << 20
  private static let maximumChunkCount = 1 << 16

  /// - Parameter chunkSize: by default 1 MiB, or the least whole number of MiB that gives at most 65,536 chunks.
  /// - Precondition: a size of 0 to 1 PB, as ``checked(size:)`` says.
  package init(size: Int, chunkSize: Int? = nil) {
    precondition((0...Self.maximumSize).contains(size), "a size that was checked")
    self.size = size
    let pieces = (size + Self.megabyte - 1) / Self.megabyte
    let least = (pieces + Self.maximumChunkCount - 1) / Self.maximumChunkCount
    self.chunkSize = chunkSize ?? max(least, 1) * Self.megabyte
  }

  /// A size from outside, if a file can have it.
  package static func checked(size: Int?) -> Int? {
    guard let size, (0...maximumSize).contains(size) else { return nil }
    return size
  }

  /// Whether sizes from a file can be those of a plan.
  static func isPlausible(size: Int, chunkSize: Int) -> Bool {
    checked(size: size) != nil && (1...maximumSize).contains(chunkSize)
      && size / chunkSize < maximumChunkCount
  }

  package var chunkCount: Int { (size + chunkSize - 1) / chunkSize }

  /// The bytes of one chunk.
  package func bytes(of chunk: Int) -> Range<Int> {
    chunk * chunkSize..<min((chunk + 1) * chunkSize, size)
  }

  /// The bytes of a run of chunks.
  package func bytes(of chunks: Range<Int>) -> Range<Int> {
    chunks.lowerBound * chunkSize..<min(chunks.upperBound * chunkSize, size)
  }

  /// The runs of chunks for which `isMissing` says so, each of at most `limit` chunks, in order.
  package func runs(limit: Int, isMissing: (Int) -> Bool) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start: Int?
    for chunk in 0..<chunkCount {
      let missing = isMissing(chunk)
      if let begun = start, !missing || chunk - begun == limit {
        runs.append(begun..<chunk)
        start = nil
      }
      if missing, start == nil { start = chunk }
    }
    if let start { runs.append(start..<chunkCount) }
    return runs
  }

  /// So many chunks a request that every connection has several turns, up to 64 MiB.
  package func runLength(connections: Int) -> Int {
    let most = max((64 * Self.megabyte) / chunkSize, 1)
    return min(max(chunkCount / (max(connections, 1) * 4), 1), most)
  }
}
