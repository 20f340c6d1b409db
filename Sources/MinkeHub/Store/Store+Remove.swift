internal import Foundation

extension Store {
  /// What was taken out of the store, in bytes of the disk.
  package struct Removal: Equatable, Sendable {
    package var models: [ModelName] = []
    package var blobs = 0
    package var staging = 0
    package var packed = 0
    /// Bytes of all of it.
    package var bytes = 0

    package init() {}
  }

  /// Removes models and those of their blobs that no other model has.
  ///
  /// - Throws: ``HubError/storeInUse(root:)`` while something is fetched; ``HubError/damagedManifest(path:detail:)`` when
  ///   another model's manifest cannot be read, since its blobs are not known then.
  package func remove(_ names: [ModelName]) throws(HubError) -> Removal {
    let lock = try lockForRemoving()
    defer { _ = lock }
    var removal = Removal()
    let kept = try references(except: Set(names))
    for name in Set(names).sorted() {
      let path = path(of: name)
      // One that is damaged is removed too; prune finds its blobs.
      let manifest = try? self.manifest(of: name)
      guard FileSystem.exists(path) else { throw .unknownModel(found: name.description, near: [], known: []) }
      // The name first: a process that dies here leaves blobs that nobody names, never a name without its blobs.
      try FileSystem.remove(path)
      removal.models.append(name)
      if let manifest {
        removePacked(of: manifest, &removal)
        if let folder = folder(of: manifest), !kept.folders.contains(folder) { try FileSystem.remove(folder) }
      }
      for file in manifest?.files ?? [] where !kept.digests.contains(file.digest) {
        try removeBlob(file.digest, &removal)
      }
      removeEmptyFolders(above: path)
    }
    return removal
  }

  /// Removes what no model names: blobs, the digests of their chunks, folders of links, what interrupted fetches left, and
  /// packed weights of files that are gone.
  package func prune() throws(HubError) -> Removal {
    let lock = try lockForRemoving()
    defer { _ = lock }
    var removal = Removal()
    let kept = try references(except: [])
    for name in FileSystem.names(inDirectory: blobs) {
      guard let digest = Self.digest(in: name), !kept.digests.contains(digest) else { continue }
      try removeBlob(digest, &removal)
    }
    for name in FileSystem.names(inDirectory: chunks) {
      guard let digest = Self.digest(in: name), !kept.digests.contains(digest) else { continue }
      try FileSystem.remove(chunksPath(of: digest))
    }
    for name in FileSystem.names(inDirectory: folders) where !kept.folders.contains(folders + "/" + name) {
      try FileSystem.remove(folders + "/" + name)
    }
    try pruneStaging(&removal)
    let digests = Set(kept.digests.map(\.hex))
    for name in FileSystem.names(inDirectory: packed) where name.hasSuffix(".pack") {
      if !digests.contains(String(name.prefix { $0 != "-" })), !isPackedElsewhere(name) {
        removePack(name, &removal)
      }
    }
    return removal
  }

  /// The blobs and folders that models name.
  private func references(
    except removed: Set<ModelName>
  ) throws(HubError) -> (digests: Set<SHA256Digest>, folders: Set<String>) {
    var digests: Set<SHA256Digest> = []
    var folders: Set<String> = []
    for name in names() where !removed.contains(name) {
      guard let manifest = try manifest(of: name) else { continue }
      digests.formUnion(manifest.files.map(\.digest))
      if let folder = folder(of: manifest) { folders.insert(folder) }
    }
    return (digests, folders)
  }

  private func removeBlob(_ digest: SHA256Digest, _ removal: inout Removal) throws(HubError) {
    let path = path(of: digest)
    try FileSystem.remove(chunksPath(of: digest))
    guard let size = FileSystem.size(ofFile: path) else { return }
    try FileSystem.remove(path)
    removal.blobs += 1
    removal.bytes += size
  }

  /// Directories and files of fetches that nobody is at: their lock can be had.
  private func pruneStaging(_ removal: inout Removal) throws(HubError) {
    for name in FileSystem.names(inDirectory: staging) where !name.hasSuffix(".lock") {
      let path = staging + "/" + name
      let isTemporary = name.hasPrefix(Self.temporaryPrefix)
      let lock = isTemporary ? nil : try FileLock(tryLocking: path + ".lock")
      guard isTemporary || lock != nil else { continue }
      removal.bytes += FileSystem.diskSize(of: path)
      try FileSystem.remove(path)
      removal.staging += 1
      _ = consume lock
    }
    for name in FileSystem.names(inDirectory: staging) where name.hasSuffix(".lock") {
      // The lock's file goes with the lock.
      let lock = try FileLock(tryLocking: staging + "/" + name)
      _ = consume lock
    }
  }

  private func removePacked(of manifest: Manifest, _ removal: inout Removal) {
    for name in FileSystem.names(inDirectory: packed)
    where manifest.files.contains(where: { name.hasPrefix($0.digest.hex + "-") }) {
      removePack(name, &removal)
    }
  }

  /// Removes packed weights that a file of this digest was packed into: they are made anew.
  func removePacks(of digest: SHA256Digest) {
    for name in FileSystem.names(inDirectory: packed) where name.hasPrefix(digest.hex + "-") {
      try? FileSystem.remove(packed + "/" + name)
    }
  }

  private func removePack(_ name: String, _ removal: inout Removal) {
    let path = packed + "/" + name
    let size = FileSystem.size(ofFile: path) ?? 0
    guard (try? FileSystem.remove(path)) != nil else { return }
    removal.packed += 1
    removal.bytes += size
  }

  /// Whether packed weights are of a file outside the store, which a `source-` note beside them names.
  private func isPackedElsewhere(_ name: String) -> Bool {
    let digest = String(name.prefix { $0 != "-" })
    return FileSystem.names(inDirectory: packed).contains { note in
      guard note.hasPrefix("source-"), let data = try? FileSystem.read(packed + "/" + note) else {
        return false
      }
      return String(decoding: data.prefix(4096), as: UTF8.self).hasSuffix(digest)
    }
  }

  private func removeEmptyFolders(above path: String) {
    var folder = (path as NSString).deletingLastPathComponent
    while folder.hasPrefix(models + "/"), FileSystem.names(inDirectory: folder).isEmpty {
      guard FileSystem.removeEmptyDirectory(folder) else { return }
      folder = (folder as NSString).deletingLastPathComponent
    }
  }

  private static func digest(in name: String) -> SHA256Digest? {
    name.hasPrefix("sha256-") ? try? SHA256Digest(hex: String(name.dropFirst(7))) : nil
  }
}
