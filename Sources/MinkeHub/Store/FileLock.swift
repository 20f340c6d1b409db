#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// An exclusive lock between processes, held as long as the value lives: `flock` on a file.
///
/// The system releases it when the process ends, however it ends, so a lock file without a lock is
/// proof that its owner is gone. The file is removed with the lock.
struct FileLock: ~Copyable {
  private let descriptor: Int32
  private let path: String

  /// Takes the lock on `path`, or returns nil when another process (or task) holds it.
  init?(tryLocking path: String) throws(HubError) {
    // A holder removes the file as it leaves: a lock on a removed file excludes no one, so look again.
    while true {
      // Unsafe: the string's bytes are borrowed for the call alone.
      let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw FileSystem.lastError("lock", path) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let code = errno
        close(descriptor)
        if code == EINTR { continue }
        guard code == EWOULDBLOCK else {
          errno = code
          throw FileSystem.lastError("lock", path)
        }
        return nil
      }
      if Self.isCurrent(descriptor, at: path) {
        self.descriptor = descriptor
        self.path = path
        return
      }
      close(descriptor)
    }
  }

  deinit {
    // Removed while held, so nobody can hold the same file under this name.
    _ = unsafe unlink(path)
    close(descriptor)
  }

  /// Whether the open file is still the one that the path names.
  private static func isCurrent(_ descriptor: Int32, at path: String) -> Bool {
    var opened = stat()
    var named = stat()
    // Unsafe: both calls fill a value that outlives them.
    guard unsafe fstat(descriptor, &opened) == 0, unsafe stat(path, &named) == 0 else { return false }
    return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
  }
}
