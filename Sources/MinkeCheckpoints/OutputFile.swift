#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// A file that appears under its name only when it is complete: bytes go to a temporary file in the same
/// folder, which ``commit()`` flushes to disk and renames. Without `commit` the temporary file is removed.
package final class OutputFile {
  let path: String
  private let temporaryPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferBytes = 1 << 20

  private let replacesExisting: Bool

  /// - Parameter replacesExisting: whether a file of this name is replaced; otherwise it is an error, also when it appears
  ///   while this one is written.
  /// - Parameter isPrivate: whether nobody but this user may read it.
  package init(
    path: String, replacesExisting: Bool = true, isPrivate: Bool = false
  ) throws(CheckpointError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw CheckpointError(
        .unwritable, path: path, at: .file, found: "an empty path or one with a zero byte",
        expected: "a file path")
    }
    self.path = path
    self.replacesExisting = replacesExisting
    if !replacesExisting { try Self.checkAbsent(path) }
    temporaryPath = path + ".partial-" + String(UInt64.random(in: 0 ... .max), radix: 36)
    descriptor = unsafe open(
      temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isPrivate ? 0o600 : 0o644)
    guard descriptor >= 0 else { throw Self.failure("creating it", path) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unsafe unlink(temporaryPath)
  }

  package func write(_ bytes: Span<UInt8>) throws(CheckpointError) {
    if buffer.count + bytes.count > Self.bufferBytes { try flush() }
    if bytes.count > Self.bufferBytes {
      try send(bytes)
    } else {
      unsafe bytes.withUnsafeBufferPointer { unsafe buffer.append(contentsOf: $0) }
    }
  }

  /// Makes the file appear under its name, complete and on disk.
  package func commit() throws(CheckpointError) {
    try flush()
    guard fsync(descriptor) == 0 else { throw Self.failure("flushing it to disk", path) }
    let result = close(descriptor)
    descriptor = -1
    do throws(CheckpointError) {
      guard result == 0 else { throw Self.failure("closing it", path) }
      try takeName()
    } catch {
      unsafe unlink(temporaryPath)
      throw error
    }
    synchronizeFolder()
  }

  private func takeName() throws(CheckpointError) {
    if !replacesExisting {
      // Unlike renaming, a link never takes another file's name.
      if unsafe link(temporaryPath, path) == 0 {
        unsafe unlink(temporaryPath)
        return
      }
      // Some file systems have no links.
      try Self.checkAbsent(path)
    }
    guard unsafe rename(temporaryPath, path) == 0 else { throw Self.failure("giving it its name", path) }
  }

  private static func checkAbsent(_ path: String) throws(CheckpointError) {
    guard unsafe access(path, F_OK) == 0 else { return }
    throw CheckpointError(
      .unwritable, path: path, at: .file, found: "a file of this name", expected: "none",
      remedy: "choose another name, or allow replacing it")
  }

  /// Makes the new name last. Not every file system can, and the file is there in any case.
  private func synchronizeFolder() {
    let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "."
    let descriptor = unsafe open(String(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private func flush() throws(CheckpointError) {
    var pending: [UInt8] = []
    swap(&pending, &buffer)
    try send(pending.span)
    pending.removeAll(keepingCapacity: true)
    swap(&pending, &buffer)
  }

  private func send(_ bytes: Span<UInt8>) throws(CheckpointError) {
    var offset = 0
    while offset < bytes.count {
      // `offset` is less than the length of the span.
      let written = unsafe bytes.withUnsafeBufferPointer {
        #if canImport(Darwin)
          unsafe Darwin.write(descriptor, $0.baseAddress! + offset, $0.count - offset)
        #elseif canImport(Glibc)
          unsafe Glibc.write(descriptor, $0.baseAddress! + offset, $0.count - offset)
        #elseif canImport(Musl)
          unsafe Musl.write(descriptor, $0.baseAddress! + offset, $0.count - offset)
        #endif
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw Self.failure("writing it", path)
      }
      offset += written
    }
  }

  private static func failure(_ action: String, _ path: String) -> CheckpointError {
    let reason = unsafe String(cString: strerror(errno))
    return CheckpointError(
      .unwritable, path: path, at: .file, found: "\"\(reason)\" when \(action)",
      expected: "a place that can be written",
      remedy: "check the folder, its permissions and the room on the disk")
  }
}
