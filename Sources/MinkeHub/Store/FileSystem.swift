internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The few file-system operations of the store, each with a typed error that names its path.
enum FileSystem {
  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }

  /// Bytes of a regular file; nil when there is none.
  static func size(ofFile path: String) -> Int? {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      attributes[.type] as? FileAttributeType == .typeRegular
    else { return nil }
    return (attributes[.size] as? NSNumber)?.intValue
  }

  /// Names in a directory, sorted; none when there is no such directory.
  static func names(inDirectory path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  static func makeDirectory(_ path: String) throws(HubError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .fileSystem(operation: "create the directory", path: path, reason: brief(error))
    }
  }

  /// Removes a file or a whole directory; what is not there needs no removing.
  static func remove(_ path: String) throws(HubError) {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      guard exists(path) else { return }
      throw .fileSystem(operation: "remove", path: path, reason: brief(error))
    }
  }

  static func read(_ path: String) throws(HubError) -> Data {
    do {
      return try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw .fileSystem(operation: "read", path: path, reason: brief(error))
    }
  }

  /// Writes a new file and brings it to the disk.
  static func write(_ data: Data, to path: String) throws(HubError) {
    do {
      try data.write(to: URL(fileURLWithPath: path))
    } catch {
      throw .fileSystem(operation: "write", path: path, reason: brief(error))
    }
    try synchronize(path)
  }

  /// Waits until a file's or a directory's content is on the disk.
  static func synchronize(_ path: String) throws(HubError) {
    // Unsafe: the string's bytes are borrowed for the call alone.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw lastError("open", path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw lastError("write to disk", path) }
  }

  /// Renames atomically, replacing what is at `target`, and makes the new name last.
  static func move(_ source: String, to target: String) throws(HubError) {
    // Unsafe: the strings' bytes are borrowed for the call alone.
    guard unsafe rename(source, target) == 0 else { throw lastError("rename to", target) }
    try synchronize(folder(of: target))
  }

  /// Makes a symbolic link.
  static func link(_ path: String, to target: String) throws(HubError) {
    guard unsafe symlink(target, path) == 0 else { throw lastError("link", path) }
  }

  /// The path without links; nil where there is nothing.
  static func resolved(_ path: String) -> String? {
    // Unsafe: the call returns a terminated string of its own, freed here.
    guard let text = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }

  /// Takes the right to write from everyone: a blob never changes.
  static func makeReadOnly(_ path: String) throws(HubError) {
    guard unsafe chmod(path, 0o444) == 0 else { throw lastError("protect", path) }
  }

  /// Lets everyone run a program.
  static func makeExecutable(_ path: String) throws(HubError) {
    guard unsafe chmod(path, 0o755) == 0 else { throw lastError("make executable", path) }
  }

  /// Gives its owner the right to write back, for repair.
  static func makeWritable(_ path: String) throws(HubError) {
    guard unsafe chmod(path, 0o644) == 0 else { throw lastError("open for repair", path) }
  }

  /// Whether a directory was empty and is gone.
  static func removeEmptyDirectory(_ path: String) -> Bool {
    unsafe rmdir(path) == 0
  }

  /// Bytes of the disk that a file, or the files of a directory, take.
  static func diskSize(of path: String) -> Int {
    func size(_ path: String) -> Int {
      var status = stat()
      // Unsafe: the call fills a value that outlives it.
      return unsafe lstat(path, &status) == 0 ? Int(status.st_blocks) * 512 : 0
    }
    guard let files = FileManager.default.enumerator(atPath: path) else { return size(path) }
    var total = 0
    while let name = files.nextObject() as? String { total += size(path + "/" + name) }
    return total
  }

  /// Bytes that an ordinary user may still write where `path` lies; nil when unknown.
  static func freeSpace(at path: String) -> Int? {
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
    return (attributes?[.systemFreeSize] as? NSNumber)?.intValue
  }

  /// - Parameter name: what the error calls the place.
  /// - Throws: ``HubError/noSpace(path:needed:available:)`` where it is known that less is free.
  static func requireRoom(_ needed: Int, at path: String, called name: String? = nil) throws(HubError) {
    guard let available = freeSpace(at: path), available < needed else { return }
    throw .noSpace(path: name ?? path, needed: needed, available: available)
  }

  /// The folder that holds what is at a path.
  static func folder(of path: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }

  /// The error of the system call that just failed.
  static func lastError(_ operation: String, _ path: String) -> HubError {
    let code = errno
    // Unsafe: strerror returns a terminated string, copied at once.
    let reason = unsafe String(cString: strerror(code))
    return .fileSystem(operation: operation, path: path, reason: reason)
  }

  /// Foundation's error as a short clause without the path that the message already names.
  private static func brief(_ error: any Error) -> String {
    let error = error as NSError
    if let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError, cause.domain == NSPOSIXErrorDomain {
      return unsafe String(cString: strerror(Int32(truncatingIfNeeded: cause.code)))
    }
    switch CocoaError.Code(rawValue: error.code) {
    case .fileReadNoSuchFile, .fileNoSuchFile: return "no such file or directory"
    case .fileReadNoPermission, .fileWriteNoPermission: return "permission denied"
    case .fileWriteOutOfSpace: return "no space left"
    case .fileWriteFileExists: return "a file is in the way"
    case .fileWriteVolumeReadOnly: return "the file system is read-only"
    default: return error.localizedDescription
    }
  }
}
