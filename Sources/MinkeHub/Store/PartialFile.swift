internal import Foundation

/// A file on its way into the store: what has arrived, and the journal that says so. It outlives the process, so that
/// the next fetch goes on where this one was; its lock keeps every other process out.
///
///     staging/partial-<64 digits>/data
///     staging/partial-<64 digits>/journal
///     staging/partial-<64 digits>.lock
final class PartialFile: Sendable {
  static let prefix = "partial-"

  let folder: String
  let data: DataFile
  private let journalFile: DataFile
  private let lock: FileLock

  fileprivate init(folder: String, lock: consuming FileLock) throws(HubError) {
    self.folder = folder
    try FileSystem.makeDirectory(folder)
    data = try DataFile(folder + "/data", .writing)
    journalFile = try DataFile(folder + "/journal", .appending)
    self.lock = lock
  }

  /// The journal of an earlier fetch, if its data is still there.
  func journal() throws(HubError) -> ChunkJournal? {
    let found = try FileSystem.read(journalFile.path)
    guard let journal = ChunkJournal(decoding: found), data.size == journal.header.size else { return nil }
    // A torn record would shift those that follow.
    let length = ChunkJournal.wholeLength(of: found)
    if length < found.count { try journalFile.resize(to: length) }
    return journal
  }

  /// Forgets what there is and begins a new file.
  func begin(_ header: ChunkJournal.Header) throws(HubError) -> ChunkJournal {
    // The journal first: without it the data counts for nothing.
    try journalFile.resize(to: 0)
    try data.resize(to: 0)
    try data.resize(to: header.size)
    let journal = ChunkJournal(header: header)
    try journalFile.append(Array(journal.encodedHeader()))
    return journal
  }

  /// Notes that a chunk has been written.
  func note(_ chunk: Int, _ digest: SHA256Digest) throws(HubError) {
    let length = journalFile.size
    do {
      try journalFile.append(ChunkJournal.record(chunk, digest))
    } catch {
      try? journalFile.resize(to: length)
      throw error
    }
  }

  /// Removes everything; the lock goes with the value.
  func discard() {
    try? FileSystem.remove(folder)
  }
}

extension Store {
  /// Opens the place of a file that is fetched in pieces, or returns nil while another process has it.
  ///
  /// - Parameter key: what tells the file from others: its digest, or that of its address.
  func partial(_ key: SHA256Digest) throws(HubError) -> PartialFile? {
    try FileSystem.makeDirectory(staging)
    let path = staging + "/" + PartialFile.prefix + key.hex
    guard let lock = try FileLock(tryLocking: path + ".lock") else { return nil }
    return try PartialFile(folder: path, lock: lock)
  }
}
