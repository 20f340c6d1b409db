internal import Dispatch

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A file that is read and written at offsets, from any thread.
final class DataFile: Sendable {
  let path: String
  private let descriptor: Int32

  enum Mode {
    case reading
    /// Created where it is missing.
    case writing
    /// Created where it is missing; every write goes to the end.
    case appending
  }

  init(_ path: String, _ mode: Mode) throws(HubError) {
    let flags =
      switch mode {
      case .reading: O_RDONLY
      case .writing: O_RDWR | O_CREAT
      case .appending: O_RDWR | O_CREAT | O_APPEND
      }
    // Never through a link: nothing here is one, and in a shared folder one would be another's.
    let opened = unsafe open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard opened >= 0 else { throw FileSystem.lastError("open", path) }
    self.path = path
    descriptor = opened
  }

  deinit { close(descriptor) }

  /// Bytes; 0 when the system does not say.
  var size: Int {
    var status = stat()
    // Unsafe: the call fills a value that outlives it.
    return unsafe fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  func resize(to size: Int) throws(HubError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw FileSystem.lastError("resize", path) }
  }

  /// Begins to bring what was written to the disk, on another thread, so that ``synchronize()`` at the end has less to
  /// wait for.
  func beginWriting() {
    DispatchQueue.global(qos: .utility).async { [self] in _ = fsync(descriptor) }
  }

  func synchronize() throws(HubError) {
    guard fsync(descriptor) == 0 else { throw FileSystem.lastError("write to disk", path) }
  }

  /// Writes all bytes; with ``Mode/appending`` at the end, whatever the offset.
  @unsafe
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(HubError) {
    var written = 0
    while written < bytes.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + written))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileSystem.lastError("write", path) }
      written += count
    }
  }

  func append(_ bytes: [UInt8]) throws(HubError) {
    // Unsafe: the buffer is used only inside the closure.
    let failure: HubError? = unsafe bytes.withUnsafeBytes { buffer in
      do throws(HubError) {
        unsafe try write(buffer, at: 0)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  /// Fills the buffer from an offset; fewer bytes only at the end of the file.
  @unsafe
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(HubError) -> Int {
    var done = 0
    while done < buffer.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileSystem.lastError("read", path) }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Whether these are the file's first bytes.
  func begins(with bytes: [UInt8]) -> Bool {
    var found = [UInt8](repeating: 0, count: bytes.count)
    // Unsafe: the buffer is used only inside the closure.
    let count = unsafe found.withUnsafeMutableBytes { buffer in (try? unsafe read(into: buffer, at: 0)) ?? 0 }
    return count == bytes.count && found == bytes
  }
}
