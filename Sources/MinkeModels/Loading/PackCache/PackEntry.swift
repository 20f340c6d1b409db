internal import Dispatch
internal import MinkeCheckpoints
internal import MinkeTensors

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The place of one checkpoint's packed weights in a ``PackCache``.
struct PackEntry: Sendable {
  private let cache: PackCache
  private let sources: PackSources
  /// A line for each weight: what it is and where it lies.
  private let plan: String
  /// Bytes of the weights, as whole pages.
  private let byteCount: Int

  /// nil for a checkpoint that is not a file.
  init?(_ cache: PackCache, _ file: any Checkpoint, plan: String, byteCount: Int) {
    guard let sources = PackSources(file) else { return nil }
    self.cache = cache
    self.sources = sources
    self.plan = plan
    self.byteCount = byteCount
  }

  private static func name(_ digest: String) -> String {
    "\(digest)-\(PackedLayout.instructionSet)-\(PackedLayout.version)\(PackFolder.suffix)"
  }

  private func trailer(_ digest: String) -> PackTrailer {
    PackTrailer(digest: digest, byteCount: byteCount, plan: plan)
  }
}

// MARK: Reading

extension PackEntry {
  /// Fills an arena in which only places have been reserved.
  ///
  /// - Returns: false, and the arena is as it was, where there is nothing that can be used.
  /// - Throws: when memory is refused.
  func load(into arena: Arena, with pool: WorkerPool) throws(TensorError) -> Bool {
    guard let folder = try? PackFolder(cache.folder, creating: false),
      let digest = cache.knownDigest(of: sources, in: folder),
      let file = folder.file(named: Self.name(digest))
    else { return false }
    let trailer = trailer(digest)
    guard file.size == byteCount + trailer.byteCount,
      let stated = file.bytes(byteCount..<file.size).flatMap({ trailer.checksum(statedBy: $0) }),
      try arena.map(file.descriptor, count: byteCount)
    else { return false }
    let isCopied = !arena.isFileInLargePages(count: byteCount)
    if isCopied { try arena.clear() }
    guard Self.checksum(of: arena, byteCount, readingFrom: isCopied ? file.descriptor : nil, pool) == stated
    else {
      try arena.clear()
      folder.remove(Self.name(digest))
      return false
    }
    file.touch()
    return true
  }

  /// The checksum of the weights, which the same pass brings into memory.
  ///
  /// - Parameter descriptor: the file to read them from first, unless they are there already.
  /// - Returns: nil when the file cannot be read.
  private static func checksum(
    of arena: Arena, _ byteCount: Int, readingFrom descriptor: Int32?, _ pool: WorkerPool
  ) -> UInt64? {
    let length = MemoryChecksum.chunkLength
    var parts = [UInt64?](repeating: nil, count: pool.threadCount)
    unsafe parts.withUnsafeMutableBufferPointer { parts in
      let memory = unsafe UnsafeRawBufferPointer(start: arena.base, count: byteCount)
      // Each worker writes its own element.
      nonisolated(unsafe) let parts = unsafe parts
      pool.run { worker in
        var sum = MemoryChecksum()
        for chunk in worker.share(of: MemoryChecksum.chunkCount(byteCount)) {
          if let descriptor {
            let range = chunk * length..<min((chunk + 1) * length, byteCount)
            guard arena.read(range, from: descriptor) else { return }
          }
          unsafe sum.add(chunk..<chunk + 1, of: memory)
        }
        unsafe parts[worker.index] = sum.value
      }
    }
    return parts.reduce(0) { total, part in
      guard let total, let part else { return nil }
      return total &+ part
    }
  }
}

// MARK: Writing

extension PackEntry {
  /// Bytes of one write. Large ones make the system keep the file in large pages.
  private static let pieceLength = 8 << 20

  /// Keeps packed weights, in the background.
  func keep(_ arena: Arena) -> PackWriting {
    let writing = PackWriting()
    writing.start {
      do { try write(arena) } catch { cache.note?("packed weights were not kept: \(error)") }
    }
    return writing
  }

  private func write(_ arena: Arena) throws {
    try cache.checkpoint?(.started)
    let folder = try PackFolder(cache.folder, creating: true)
    folder.sweep()
    let digest = try cache.digest(of: sources, in: folder)
    let (name, trailer) = (Self.name(digest), trailer(digest))
    let total = byteCount + trailer.byteCount
    let limit = cache.byteLimit ?? folder.defaultLimit()
    guard total <= limit else {
      throw PackCacheError("they take \(total) bytes, the limit of \(cache.folder) is \(limit)")
    }
    try Self.checkFileSizeLimit(total)
    folder.trim(to: limit - total, keeping: name)
    try write(arena, trailer, to: folder, as: name)
    try cache.checkpoint?(.renamed)
    if case .computed = cache.digest { try sources.remember(digest, in: folder) }
    try cache.checkpoint?(.remembered)
  }

  private func write(
    _ arena: Arena, _ trailer: PackTrailer, to folder: borrowing PackFolder, as name: String
  ) throws {
    let file = try folder.makeTemporary()
    do {
      try cache.checkpoint?(.created)
      let memory = unsafe UnsafeRawBufferPointer(start: arena.base, count: byteCount)
      var sum = MemoryChecksum()
      for offset in stride(from: 0, to: byteCount, by: Self.pieceLength) {
        let end = min(offset + Self.pieceLength, byteCount)
        let length = MemoryChecksum.chunkLength
        unsafe sum.add(offset / length..<MemoryChecksum.chunkCount(end), of: memory)
        try unsafe file.write(UnsafeRawBufferPointer(rebasing: memory[offset..<end]), at: offset)
        try cache.checkpoint?(.wrote(end))
      }
      try file.write(trailer.encoded(checksum: sum.value), at: byteCount)
      try cache.checkpoint?(.completed)
      try folder.rename(file, to: name)
    } catch {
      folder.remove(file.name)
      throw error
    }
  }

  /// Writing beyond this limit would end the process with a signal.
  private static func checkFileSizeLimit(_ byteCount: Int) throws(PackCacheError) {
    var limit = rlimit()
    #if canImport(Glibc)
      let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    #else
      let resource = RLIMIT_FSIZE
    #endif
    guard unsafe getrlimit(resource, &limit) == 0, byteCount <= limit.rlim_cur else {
      throw PackCacheError("files of \(byteCount) bytes are not allowed here")
    }
  }
}

/// The writing of packed weights, which goes on in the background while the model is used.
package final class PackWriting: Sendable {
  private let group = DispatchGroup()

  func start(_ work: @escaping @Sendable () -> Void) {
    DispatchQueue.global(qos: .utility).async(group: group, execute: work)
  }

  /// Waits until it has ended, well or not.
  package func wait() { group.wait() }
}
