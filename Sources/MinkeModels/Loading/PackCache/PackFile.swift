internal import MinkeTensors

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// An open file of a ``PackFolder``.
struct PackFile: ~Copyable {
  let descriptor: Int32
  /// The name of a temporary file.
  let name: String
  /// Bytes when it was opened.
  let size: Int
  /// When it was last used, in nanoseconds since 1970.
  let used: Int

  /// Takes over an open file; nil, and the file closed, unless it is a plain one that only this user may have written.
  init?(descriptor: Int32, name: String = "") {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      PackFolder.isPrivate(status)
    else {
      _ = close(descriptor)
      return nil
    }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    self.descriptor = descriptor
    self.name = name
    size = Int(status.st_size)
    used = Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
  }

  deinit { _ = close(descriptor) }

  /// Takes the lock, unless a living process has it.
  func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  /// Makes this the file that was used last.
  func touch() { _ = futimens(descriptor, nil) }

  /// The bytes of `range`; nil when the file ends before.
  func bytes(_ range: Range<Int>) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var done = 0
    while done < bytes.count {
      let rest = bytes.count - done
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe pread(
          descriptor, buffer.baseAddress.map { unsafe $0 + done }, rest, off_t(range.lowerBound + done))
      }
      if count > 0 { done += count } else if !(count < 0 && errno == EINTR) { return nil }
    }
    return bytes
  }

  /// A small file as text; nil when it is not small.
  func text() -> String? {
    guard size <= 1 << 20 else { return nil }
    return bytes(0..<size).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Writes all of `bytes` at `offset`.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(PackCacheError) {
    var done = 0
    while done < bytes.count {
      let count = unsafe pwrite(
        descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(offset + done))
      if count > 0 {
        done += count
      } else if !(count < 0 && errno == EINTR) {
        throw PackCacheError("cannot write \(offset + bytes.count) bytes: \(PackFolder.reason())")
      }
    }
  }

  func write(_ bytes: [UInt8], at offset: Int) throws(PackCacheError) {
    try unsafe bytes.span.withUnsafeBytes { buffer throws(PackCacheError) in
      try unsafe write(buffer, at: offset)
    }
  }
}
