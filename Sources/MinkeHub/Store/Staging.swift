/// A directory in which one file is fetched, on the store's own file system so that the finished file
/// can be renamed into place. Its lock keeps every other process out; both go when the value does.
struct Staging: ~Copyable {
  /// What is being fetched.
  let digest: SHA256Digest
  /// The directory.
  let path: String
  private let store: Store
  private let lock: FileLock

  fileprivate init(digest: SHA256Digest, path: String, store: Store, lock: consuming FileLock) {
    self.digest = digest
    self.path = path
    self.store = store
    self.lock = lock
  }

  deinit {
    // Before the lock is released. What cannot be removed now is swept by a later fetch.
    try? FileSystem.remove(path)
  }

  /// Verifies a file of this directory and renames it into the blobs.
  ///
  /// - Throws: ``HubError/sizeMismatch(file:found:expected:)``,
  ///   ``HubError/digestMismatch(file:found:expected:)``, ``HubError/cancelled``.
  func install(_ file: Manifest.File, from path: String, shouldStop: () -> Bool) throws(HubError) {
    let size = FileSystem.size(ofFile: path) ?? 0
    guard size == file.size else {
      throw .sizeMismatch(file: file.name, found: size, expected: file.size)
    }
    let chunks = try ChunkJournal(digesting: path, size: size, shouldStop: shouldStop)
    guard let found = chunks.header.digest, found == file.digest else {
      throw .digestMismatch(
        file: file.name, found: chunks.header.digest ?? SHA256Digest(of: []), expected: file.digest)
    }
    try store.keep(chunks, of: file.digest)
    try store.adopt(path, as: file.digest)
  }
}

extension Store {
  /// Opens the staging directory of a digest, empty, or returns nil while another process has it.
  func stage(_ digest: SHA256Digest) throws(HubError) -> Staging? {
    try FileSystem.makeDirectory(staging)
    let path = staging + "/sha256-" + digest.hex
    guard let lock = try FileLock(tryLocking: path + ".lock") else { return nil }
    try FileSystem.remove(path)
    try FileSystem.makeDirectory(path)
    return Staging(digest: digest, path: path, store: self, lock: lock)
  }

  /// Removes what interrupted fetches left: staging directories whose lock nobody holds.
  func sweep() {
    for name in FileSystem.names(inDirectory: staging) {
      guard name.hasPrefix("sha256-"), let digest = try? SHA256Digest(hex: Self.digits(of: name)) else {
        continue
      }
      let path = staging + "/sha256-" + digest.hex
      // The lock's file goes with the lock.
      guard let lock = try? FileLock(tryLocking: path + ".lock") else { continue }
      try? FileSystem.remove(path)
      _ = consume lock
    }
  }

  private static func digits(of name: String) -> String {
    let stem = name.hasSuffix(".lock") ? name.dropLast(5) : name[...]
    return String(stem.dropFirst("sha256-".count))
  }
}
