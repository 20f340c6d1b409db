internal import MinkeCheckpoints

/// The files of a checkpoint as they were when it was opened, and the digests that are remembered of them.
struct PackSources: Sendable {
  private let paths: [String]
  private let identities: [FileIdentity]

  /// nil for a checkpoint that is not of files.
  init?(_ file: any Checkpoint) {
    paths = file.parts.map(\.path)
    identities = file.parts.compactMap(\.identity)
    guard !paths.isEmpty, paths.count == identities.count else { return nil }
  }

  /// Whether the paths still lead to the files that were opened, unchanged.
  private var areUnchanged: Bool { paths.map(FileIdentity.init(path:)) == identities }

  // MARK: Digests that are remembered

  /// Named after the first file, so that its next state takes the place of this one.
  private var name: String {
    PackFolder.sourcePrefix + String(identities[0].device, radix: 16) + "-"
      + String(identities[0].inode, radix: 16)
  }

  /// The state of all files; their digest follows.
  private var state: String {
    identities.map { "\($0.device) \($0.inode) \($0.size) \($0.modified) \($0.changed)\n" }.joined()
  }

  fileprivate func recall(in folder: borrowing PackFolder) -> String? {
    guard let text = folder.file(named: name)?.text(), text.hasPrefix(state) else { return nil }
    return String(text.dropFirst(state.count))
  }

  func remember(_ digest: String, in folder: borrowing PackFolder) throws {
    let file = try folder.makeTemporary()
    do {
      try file.write(Array((state + digest).utf8), at: 0)
      try folder.rename(file, to: name)
    } catch {
      folder.remove(file.name)
      throw error
    }
  }

  /// Computes the digest of the files that were opened.
  fileprivate func compute(_ digest: @Sendable ([String]) throws -> String) throws -> String {
    guard areUnchanged else { throw PackCacheError("\(paths[0]) has changed since it was opened") }
    let result = try digest(paths)
    guard areUnchanged else { throw PackCacheError("\(paths[0]) has changed since it was opened") }
    return result
  }
}

extension PackCache {
  /// The digest where it is known without reading the files.
  func knownDigest(of sources: PackSources, in folder: borrowing PackFolder) -> String? {
    let digest =
      switch self.digest {
      case .known(let digest): digest
      case .computed: sources.recall(in: folder)
      }
    return digest.flatMap { Self.isDigest($0) ? $0 : nil }
  }

  /// The digest, computed if need be.
  func digest(of sources: PackSources, in folder: borrowing PackFolder) throws -> String {
    if let known = knownDigest(of: sources, in: folder) { return known }
    let digest =
      switch self.digest {
      case .known(let digest): digest
      case .computed(let compute): try sources.compute(compute)
      }
    guard Self.isDigest(digest) else {
      throw PackCacheError("the checkpoint's digest is not 64 lower-case hexadecimal digits")
    }
    return digest
  }

  /// It becomes part of a file's name.
  private static func isDigest(_ text: String) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
  }
}
