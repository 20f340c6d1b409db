#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Who may take things out of a store: many processes fetch into it at once (shared), one alone removes (exclusive), so
/// that nothing is removed which another is about to name in a manifest. The system releases it with the process.
final class StoreLock: Sendable {
  private let descriptor: Int32

  /// - Returns: nil while others hold the lock in a way that excludes this one.
  init?(_ store: Store, isExclusive: Bool) throws(HubError) {
    try FileSystem.makeDirectory(store.staging)
    let opened = unsafe open(store.staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard opened >= 0 else { throw FileSystem.lastError("lock", store.staging) }
    guard flock(opened, (isExclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 else {
      let code = errno
      close(opened)
      if code == EWOULDBLOCK { return nil }
      errno = code
      throw FileSystem.lastError("lock", store.staging)
    }
    descriptor = opened
  }

  deinit { close(descriptor) }
}

extension Store {
  /// Waits for the right to add.
  func lockForAdding() async throws(HubError) -> StoreLock {
    while true {
      if let lock = try StoreLock(self, isExclusive: false) { return lock }
      do { try await Task.sleep(for: .milliseconds(100)) } catch { throw .cancelled }
    }
  }

  /// The right to remove, or the error that says who is in the way.
  func lockForRemoving() throws(HubError) -> StoreLock {
    guard let lock = try StoreLock(self, isExclusive: true) else { throw .storeInUse(root: root) }
    return lock
  }
}
