#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The bytes of one file, mapped read-only, or bytes in memory that stand in for a file.
///
/// Every access through ``load(_:at:)``, ``bytes(in:)`` and ``withBytes(in:_:)`` is checked. A file that another process
/// shortens while it is mapped ends this process with `SIGBUS`: models are replaced by renaming, never by
/// writing into them.
///
/// `@unchecked Sendable`: the bytes are never written after `init`, and the mapping lives until `deinit`.
/// `@safe`: the pointer leaves only through members marked unsafe or checked against `count`.
@safe package final class MappedFile: @unchecked Sendable {
  /// The path as given, for messages.
  package let path: String
  /// Length in bytes.
  package let count: Int
  /// Which file it was when it was opened; nil for bytes in memory.
  package let identity: FileIdentity?
  private let base: UnsafeRawPointer
  private let isMapped: Bool

  /// Maps the regular file at `path`, which messages call `name`, or what lies in `range` of it, which begins at a multiple
  /// of the page size: its bytes count from 0 then.
  package init(path: String, name: String? = nil, range: Range<Int>? = nil) throws(CheckpointError) {
    let name = name ?? path
    func failure(_ action: String) -> CheckpointError {
      let reason = unsafe String(cString: strerror(errno))
      return CheckpointError(
        .unreadable, path: name, at: .file, found: "\"\(reason)\" when \(action)",
        expected: "a file that can be read", remedy: "check the path and its permissions")
    }
    guard !path.utf8.contains(0) else {
      throw CheckpointError(
        .unreadable, path: path, at: .file, found: "a path with a zero byte", expected: "a file path")
    }
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure("opening it") }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure("asking for its size") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw CheckpointError(
        .unreadable, path: path, at: .file,
        found: status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "something that is not a plain file",
        expected: "a file", remedy: "name the file itself")
    }
    let length = Int(status.st_size)
    let range = range ?? 0..<length
    guard range.lowerBound >= 0, range.upperBound <= length else {
      throw CheckpointError(
        .truncated, path: name, at: .file, found: "\(length) bytes", expected: "at least \(range.upperBound)",
        remedy: "the file is incomplete: copy or fetch it again")
    }
    self.path = name
    count = range.count
    identity = FileIdentity(status)
    guard count > 0 else {
      // An empty file cannot be mapped; one byte that nobody reads stands for it.
      unsafe base = UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 64))
      isMapped = false
      return
    }
    let address = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, off_t(range.lowerBound))
    guard let address = unsafe address, unsafe address != MAP_FAILED else { throw failure("mapping it") }
    unsafe base = UnsafeRawPointer(address)
    isMapped = true
  }

  /// A copy of `bytes`, 64-byte aligned; `path` is what messages call it.
  package init(copying bytes: some Collection<UInt8>, path: String = "memory") {
    self.path = path
    count = bytes.count
    identity = nil
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 64)
    unsafe memory.copyBytes(from: bytes)
    // `allocate` of a non-zero size has an address.
    unsafe base = UnsafeRawPointer(memory.baseAddress.unsafelyUnwrapped)
    isMapped = false
  }

  deinit {
    if isMapped {
      unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
    } else {
      unsafe base.deallocate()
    }
  }

  /// The bytes of `range`, which must lie within the file. Valid for as long as this object is alive: the
  /// caller holds it for longer than the pointer. Where a closure does, ``withBytes(in:_:)`` sees to that.
  @unsafe package func bytes(in range: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range beyond the end of the file")
    return unsafe UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// Calls `body` with the bytes of `range`, which must lie within the file. The pointer is valid only
  /// during the call.
  @inline(__always)
  package func withBytes<R, E: Error>(
    in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    defer { withExtendedLifetime(self) {} }
    return try unsafe body(bytes(in: range))
  }

  /// The little-endian integer at byte `offset`, or nil where it does not fit.
  @inline(__always)
  package func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T? {
    guard offset >= 0, MemoryLayout<T>.size <= count, offset <= count - MemoryLayout<T>.size else {
      return nil
    }
    defer { withExtendedLifetime(self) {} }
    // In range by the guard; any bits are an integer.
    return unsafe T(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: T.self))
  }
}

extension MappedFile {
  /// What the caller is about to do with a range.
  package enum Advice: Sendable {
    /// It will be read soon: start fetching it.
    case willNeed
    /// It will be read once, from front to back.
    case sequential
    /// Parts of it will be read that say nothing of the next: what lies around them is not to be fetched.
    case random
    /// No special order.
    case normal
  }

  /// Tells the kernel how `range` will be used. A hint: failure is of no consequence.
  package func advise(_ advice: Advice, range: Range<Int>? = nil) {
    let page = Int(getpagesize())
    let range = (range ?? 0..<count).clamped(to: 0..<count)
    let start = range.lowerBound / page * page
    guard isMapped, start < range.upperBound else { return }
    let flag =
      switch advice {
      case .willNeed: MADV_WILLNEED
      case .sequential: MADV_SEQUENTIAL
      case .random: MADV_RANDOM
      case .normal: MADV_NORMAL
      }
    // The range is inside the mapping, whose length the kernel rounds up to a page.
    unsafe _ = madvise(
      UnsafeMutableRawPointer(mutating: base + start), range.upperBound - start, flag)
  }

  /// Gives back the memory of the pages that lie wholly within `range`. They remain readable: the next
  /// read fetches them again from the page cache or the disk. Called once the weights in `range` have been
  /// packed, so that they are not held twice.
  package func releasePages(of range: Range<Int>) {
    let page = Int(getpagesize())
    let range = range.clamped(to: 0..<count)
    let start = (range.lowerBound + page - 1) / page * page
    // The last page of the file counts as whole.
    let end = range.upperBound == count ? count : range.upperBound / page * page
    guard isMapped, start < end else { return }
    unsafe _ = madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
  }
}
