internal import MinkeCheckpoints
internal import MinkeTensors
internal import Synchronization

extension Transformer {
  /// What tells this checkpoint from every other one, on one line: what was computed with its weights is known by it.
  ///
  /// It is the SHA-256 by which ``PackCache`` finds packed weights, where the model was loaded with one, and else a checksum
  /// of all its files, which takes as long as reading them. So the two are different even for the same files. It is computed
  /// once, when first asked for.
  ///
  /// - Throws: when a digest has to be computed and the files have changed since they were opened.
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
    // Keeping packed weights computes the digest too, and remembers it.
    packWriting?.wait()
    if let digest = try packCache?.digest(of: file) { return "sha256 \(digest)" }
    var checksum: UInt64 = 0
    for part in file.parts { checksum = checksum &* 31 &+ part.checksum() }
    return "checksum \(String(checksum, radix: 16)) of \(file.fileSize) bytes"
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
  /// A checksum of all bytes, whose pages are given back as it goes.
  fileprivate func checksum() -> UInt64 {
    var checksum = MemoryChecksum()
    advise(.sequential)
    defer { advise(.normal) }
    for (chunk, start) in stride(from: 0, to: count, by: MemoryChecksum.chunkLength).enumerated() {
      let range = start..<min(start + MemoryChecksum.chunkLength, count)
      unsafe withBytes(in: range) { unsafe checksum.add(chunk, $0) }
      releasePages(of: range)
    }
    return checksum.value
  }
}
