#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The folder of a ``PackCache``, open: files of this user alone, by plain names.
struct PackFolder: ~Copyable {
  let path: String
  private let descriptor: Int32

  static let suffix = ".pack"
  static let temporaryPrefix = "temporary-"
  static let sourcePrefix = "source-"

  /// - Parameter creating: whether to make it, and what it lies in, where there is none.
  /// - Throws: when it cannot be used, or others than this user may write in it.
  init(_ path: String, creating: Bool) throws(PackCacheError) {
    self.path = path
    if creating { Self.makeFolder(path, mode: 0o700) }
    let opened = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard opened >= 0 else { throw PackCacheError("cannot open \(path): \(Self.reason())") }
    var status = stat()
    guard unsafe fstat(opened, &status) == 0, Self.isPrivate(status) else {
      _ = close(opened)
      throw PackCacheError("\(path) is another user's, or others may write in it")
    }
    descriptor = opened
  }

  deinit { _ = close(descriptor) }

  /// Whether only this user may have written it.
  static func isPrivate(_ status: stat) -> Bool {
    status.st_uid == geteuid() && status.st_mode & (S_IWGRP | S_IWOTH) == 0
  }

  /// The error of the system call that just failed.
  static func reason() -> String { unsafe String(cString: strerror(errno)) }

  private static func makeFolder(_ path: String, mode: mode_t) {
    guard unsafe mkdir(path, mode) != 0, errno == ENOENT,
      let slash = path.lastIndex(of: "/"), slash != path.startIndex
    else { return }
    makeFolder(String(path[..<slash]), mode: 0o755)
    _ = unsafe mkdir(path, mode)
  }
}

// MARK: Files

extension PackFolder {
  /// Opens a plain file that only this user may have written; nil where there is none.
  func file(named name: String) -> PackFile? {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    let opened = unsafe openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    return opened < 0 ? nil : PackFile(descriptor: opened)
  }

  /// A new file, locked as long as it is open.
  ///
  /// - Throws: when the system refuses it, or cannot lock.
  func makeTemporary() throws(PackCacheError) -> PackFile {
    let name = Self.temporaryPrefix + "\(getpid())-" + String(UInt64.random(in: .min ... .max), radix: 16)
    let created = unsafe openat(descriptor, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard created >= 0 else { throw PackCacheError("cannot make a file in \(path): \(Self.reason())") }
    // A sweep may have come between: the new name then is another file's, or nobody's.
    guard flock(created, LOCK_EX | LOCK_NB) == 0, isName(name, of: created) else {
      let reason = Self.reason()
      remove(name)
      _ = close(created)
      throw PackCacheError("cannot lock a file in \(path): \(reason)")
    }
    guard let file = PackFile(descriptor: created, name: name) else {
      throw PackCacheError("a new file in \(path) belongs to another user")
    }
    return file
  }

  /// Gives a temporary file its name, in place of what has it now.
  func rename(_ file: borrowing PackFile, to name: String) throws(PackCacheError) {
    guard unsafe renameat(descriptor, file.name, descriptor, name) == 0 else {
      throw PackCacheError("cannot rename a file in \(path): \(Self.reason())")
    }
  }

  func remove(_ name: String) { _ = unsafe unlinkat(descriptor, name, 0) }

  private func isName(_ name: String, of file: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    return unsafe fstatat(descriptor, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(file, &opened) == 0
      && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
  }
}

// MARK: Keeping order

extension PackFolder {
  /// Removes what processes that died left behind: temporary files that nobody has locked.
  func sweep() {
    for name in names() where name.hasPrefix(Self.temporaryPrefix) {
      guard let file = file(named: name), file.lock(), isName(name, of: file.descriptor) else { continue }
      remove(name)
    }
  }

  /// Bytes of all packed weights.
  func usedBytes() -> Int { packs().reduce(0) { $0.addingSaturated($1.size) } }

  /// 20 GB, or a tenth of what the disk would have without this folder's files.
  func defaultLimit() -> Int {
    var status = statvfs()
    guard unsafe fstatvfs(descriptor, &status) == 0 else { return 0 }
    let free = Int(clamping: status.f_bavail).multipliedSaturated(by: Int(clamping: status.f_frsize))
    return min(20_000_000_000, free.addingSaturated(usedBytes()) / 10)
  }

  /// Removes the packed weights that were not used for longest until the others, `name` not counted, take at most `limit`
  /// bytes, and digests of checkpoints of which nothing is left.
  func trim(to limit: Int, keeping name: String) {
    var packs = packs().filter { $0.name != name }.sorted { ($0.used, $0.name) > ($1.used, $1.name) }
    var total = packs.reduce(0) { $0.addingSaturated($1.size) }
    while total > limit, let oldest = packs.popLast() {
      remove(oldest.name)
      total -= oldest.size
    }
    let digests = Set((packs.map(\.name) + [name]).map { $0.prefix { $0 != "-" } })
    for source in names() where source.hasPrefix(Self.sourcePrefix) {
      let text = file(named: source)?.text() ?? ""
      if !digests.contains(text.suffix(64)) { remove(source) }
    }
  }

  private func packs() -> [(name: String, size: Int, used: Int)] {
    names().compactMap { name in
      guard name.hasSuffix(Self.suffix), let file = file(named: name) else { return nil }
      return (name, file.size, file.used)
    }
  }

  private func names() -> [String] {
    // The stream owns its descriptor, and where it stands in the folder is its own.
    let copy = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0 else { return [] }
    guard let stream = unsafe fdopendir(copy) else {
      _ = close(copy)
      return []
    }
    defer { unsafe _ = closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      names.append(
        unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
          unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        })
    }
    return names
  }
}
