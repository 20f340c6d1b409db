#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// A region of zeroed, 64-byte-aligned memory from which buffers are cut, one after the other, and which
/// is given back as a whole.
///
/// The region is reserved at once but takes up physical memory only where it is touched, so a generous
/// reservation costs nothing. Views into it (``Rows``, pointers) are trivial: whoever holds them keeps the
/// arena alive.
@safe
package final class Arena: @unchecked Sendable {
  // Sendable by hand: `used` changes only in `allocate`, which documents that it is for one thread; the
  // base address never changes.

  /// Every allocation begins at a multiple of this many bytes: a cache line, and a 512-bit vector.
  package static let alignment = 64

  package let byteCount: Int
  /// Bytes handed out so far.
  package private(set) var used = 0
  package let base: UnsafeMutableRawPointer
  private let usesLargePages: Bool

  /// Bytes of a large page where there are any.
  private static let largePage = 1 << 21

  /// - Parameter isFilled: whether all of it will be used, from the front: then large pages save time and waste nothing.
  /// - Throws: ``TensorError`` when the address space or the memory limit does not allow it.
  package init(
    byteCount: Int, for subject: String = "arena", isFilled: Bool = false
  ) throws(TensorError) {
    let page = 65536  // a multiple of every page size in use
    let (padded, overflow) = max(byteCount, 1).addingReportingOverflow(page - 1)
    guard byteCount >= 0, !overflow else {
      throw TensorError(subject, found: "\(byteCount) bytes", expected: "a size that fits the address space")
    }
    let length = padded / page * page
    // Large pages need an address that is a multiple of theirs, which a mapping gets by chance only.
    let usesLargePages = isFilled && length >= 8 << 20
    let slack = usesLargePages ? Self.largePage : 0
    let (reserved, tooLong) = length.addingReportingOverflow(slack)
    let address = unsafe tooLong ? MAP_FAILED : Self.map(nil, reserved)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw TensorError(
        subject, found: "the system refuses \(length) bytes (\(unsafe String(cString: strerror(errno))))",
        expected: "enough address space and memory limit")
    }
    let skipped = slack == 0 ? 0 : -Int(bitPattern: address) & (Self.largePage - 1)
    if skipped > 0 { unsafe _ = munmap(address, skipped) }
    if slack > skipped { unsafe _ = munmap(address + skipped + length, slack - skipped) }
    unsafe base = address + skipped
    self.byteCount = length
    self.usesLargePages = usesLargePages
    adviseLargePages()
  }

  deinit {
    unsafe _ = munmap(base, byteCount)
  }

  /// Cuts `count` zeroed elements from the arena. For one thread at a time.
  package func allocate<Element: BitwiseCopyable>(
    _ type: Element.Type, count: Int
  ) throws(TensorError) -> UnsafeMutablePointer<Element> {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard count >= 0, !overflow, bytes <= byteCount - used else {
      throw TensorError(
        "arena", found: "\(count) elements of \(MemoryLayout<Element>.stride) bytes asked for",
        expected: "at most the \(byteCount - used) bytes that are left")
    }
    let start = unsafe base + used
    used = min(byteCount, Self.roundedUp(used + bytes))
    return unsafe start.bindMemory(to: type, capacity: count)
  }

  /// Cuts a matrix of activations, whose rows each begin at a multiple of 64 bytes.
  package func rows(count: Int, width: Int) throws(TensorError) -> Rows {
    guard let elements = Rows.elementCount(count: count, width: width) else {
      throw TensorError(
        "activations", found: "\(count) rows of \(width)", expected: "a size that fits the address space")
    }
    let base = unsafe try allocate(Float.self, count: elements)
    return unsafe Rows(base, count: count, width: width, stride: Rows.paddedWidth(width))
  }

  /// Bytes that ``rows(count:width:)`` takes, or nil when they overflow: for sizing an arena.
  package static func byteCount(rows count: Int, width: Int) -> Int? {
    guard let elements = Rows.elementCount(count: count, width: width) else { return nil }
    let (bytes, overflow) = elements.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    return overflow ? nil : bytes
  }

  /// New memory, at `address` if that is not nil: `MAP_FAILED` where the system refuses.
  private static func map(_ address: UnsafeMutableRawPointer?, _ length: Int) -> UnsafeMutableRawPointer? {
    #if canImport(Darwin)
      let flags = MAP_PRIVATE | MAP_ANON
    #else
      let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    #endif
    let fixed = unsafe address == nil ? 0 : MAP_FIXED
    return unsafe mmap(address, length, PROT_READ | PROT_WRITE, flags | fixed, -1, 0)
  }

  private func adviseLargePages() {
    #if os(Linux)
      if usesLargePages { unsafe _ = madvise(base, byteCount, MADV_HUGEPAGE) }
    #endif
  }

  private static func roundedUp(_ bytes: Int) -> Int { (bytes + alignment - 1) & -alignment }
}

// MARK: Contents from a file

extension Arena {
  /// Shows the first `count` bytes of an open file, read-only, where the arena's own memory was.
  ///
  /// They are the page cache's own pages, shared with every process that maps the file. A file that is shortened
  /// while it is mapped ends the process with `SIGBUS`.
  ///
  /// - Parameter count: a multiple of 65,536 bytes that the file has.
  /// - Returns: false where the system refuses; the arena is then as it was.
  package func map(_ descriptor: Int32, count: Int) throws(TensorError) -> Bool {
    precondition(count <= byteCount && count.isMultiple(of: 65536), "pages of the arena")
    let address = unsafe mmap(base, count, PROT_READ, MAP_PRIVATE | MAP_FIXED, descriptor, 0)
    guard unsafe address == base else {
      try clear()
      return false
    }
    adviseLargePages()
    return true
  }

  /// Gives back the memory, or the file that was mapped: all bytes are zero and may be written again.
  ///
  /// - Throws: ``TensorError`` when the system refuses new memory in its place.
  package func clear() throws(TensorError) {
    guard unsafe Self.map(base, byteCount) == base else {
      throw TensorError(
        "arena", found: "the system refuses \(byteCount) bytes (\(unsafe String(cString: strerror(errno))))",
        expected: "enough memory")
    }
    adviseLargePages()
  }

  /// Gives the whole pages within `range` back to the system until they are written again; what they held is lost.
  package func release(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range of the arena")
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let (start, end) = ((range.lowerBound + page - 1) / page * page, range.upperBound / page * page)
    guard start < end else { return }
    #if canImport(Darwin)
      let advice = MADV_FREE
    #else
      let advice = MADV_DONTNEED
    #endif
    unsafe _ = madvise(base + start, end - start, advice)
  }

  /// Reads `range` of a file to the same place of the arena.
  ///
  /// - Returns: false when the file ends before, or cannot be read.
  package func read(_ range: Range<Int>, from descriptor: Int32) -> Bool {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range of the arena")
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = unsafe pread(descriptor, base + offset, range.upperBound - offset, off_t(offset))
      if count > 0 { offset += count } else if !(count < 0 && errno == EINTR) { return false }
    }
    return true
  }

  /// Whether nearly all of the `count` bytes of a file that has just been mapped lie in large pages.
  ///
  /// Which pages the page cache has made depends on the file system and on how the file came to be there. Through small
  /// ones weights stream at 50 to 85 % of the rate, as measured on a virtual machine, for want of translations. Systems
  /// other than Linux count as having large ones.
  package func isFileInLargePages(count: Int) -> Bool {
    #if os(Linux)
      guard usesLargePages else { return true }
      // MADV_POPULATE_READ, which not every C library names: a page of each large one, which brings all of it.
      let populate: Int32 = 22
      for offset in stride(from: 0, to: count, by: Self.largePage) {
        guard unsafe madvise(base + offset, min(65536, count - offset), populate) == 0 else { return false }
      }
      guard let text = contentsOfSmallFile(at: "/proc/self/smaps_rollup"),
        let line = text.split(separator: "\n").first(where: { $0.hasPrefix("FilePmdMapped:") }),
        let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
      else { return false }
      return kilobytes >= count / 1024 / 10 * 9
    #else
      return true
    #endif
  }
}
