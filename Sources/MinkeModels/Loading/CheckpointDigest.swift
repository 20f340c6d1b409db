internal import MinkeCheckpoints
internal import MinkeTensors
internal import Synchronization

extension Transformer {
  /// What tells this checkpoint from every other one, on one line: what was computed with its weights is known by it.
  ///
  /// It is the SHA-256 by which ``PackCache`` finds packed weights, where the model was loaded with one, and else a checksum
  /// of all its files, which takes as long as reading them. Files of experts that stay there may be larger than memory and are
  /// known by their beginnings, sizes and times of change. So these are different even for the same files. It is computed once, when
  /// first asked for.
  ///
  /// - Throws: when a SHA-256 has to be computed and the files have changed since they were opened.
  package func checkpointDigest() throws -> String {
    try digest.withLock { digest in
      if let digest { return digest }
      let recipe = file.recipe > 0 ? ", recipe \(file.recipe)" : ""
      let found = try knownOrComputedDigest() + recipe
      digest = found
      return found
    }
  }

  private func knownOrComputedDigest() throws -> String {
    guard expertStatistics == nil else { return signOfLargeFiles() }
    // Keeping packed weights computes the digest too, and remembers it.
    packWriting?.wait()
    if let digest = try packCache?.digest(of: file) { return "sha256 \(digest)" }
    var checksum: UInt64 = 0
    for part in file.parts { checksum = checksum &* 31 &+ part.checksum(of: part.count) }
    return "checksum \(String(checksum, radix: 16)) of \(file.fileSize) bytes"
  }

  private func signOfLargeFiles() -> String {
    let signs = file.parts.map { part in
      let beginning = String(part.checksum(of: min(part.count, 1 << 22)), radix: 16)
      return "\(beginning) of \(part.count) bytes, changed \(part.identity?.modified ?? 0)"
    }
    return "beginning " + signs.joined(separator: ", ")
  }
}

extension PackCache {
  /// The digest of an open checkpoint, read whole if need be; nil for one that is not of files.
  fileprivate func digest(of file: any Checkpoint) throws -> String? {
    guard let sources = PackSources(file) else { return nil }
    let folder = try PackFolder(folder, creating: true)
    if let known = knownDigest(of: sources, in: folder) { return known }
    let digest = try digest(of: sources, in: folder)
    try? sources.remember(digest, in: folder)
    return digest
  }
}

extension MappedFile {
  /// A checksum of the first `length` bytes, whose pages are given back as it goes.
  fileprivate func checksum(of length: Int) -> UInt64 {
    var checksum = MemoryChecksum()
    advise(.sequential)
    defer { advise(.normal) }
    for (chunk, start) in stride(from: 0, to: length, by: MemoryChecksum.chunkLength).enumerated() {
      let range = start..<min(start + MemoryChecksum.chunkLength, length)
      unsafe withBytes(in: range) { unsafe checksum.add(chunk, $0) }
      releasePages(of: range)
    }
    return checksum.value
  }
}
