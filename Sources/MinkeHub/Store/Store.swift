/// The models on this device: content-addressed blobs and small manifests.
///
///     blobs/sha256-<64 hexadecimal digits>    a file, read-only
///     chunks/sha256-<digits>                  the digests of its megabytes
///     models/<name>/<tag>.json                a manifest
///     files/<digits>/                         links to the blobs of a model of several files, under their names
///     staging/                                what is being fetched, each with a lock beside it
///     packed/                                 packed weights, which can be made anew
///
/// Nothing appears under `blobs` or `models` but by renaming a complete, verified file that is already
/// on the disk, so an interrupted fetch leaves nothing half-done there.
package struct Store: Sendable {
  /// The directory that holds everything.
  package let root: String

  package init(root: String) {
    self.root = root
  }

  /// The store of this process's environment; see ``StoreLocation``.
  package static func current() throws(HubError) -> Store {
    Store(root: try StoreLocation.current())
  }

  /// The store of this process's environment, or one that holds nothing and keeps nothing where there is no place.
  package static func currentOrNone() -> Store {
    // By convention nobody creates this folder.
    (try? current()) ?? Store(root: "/nonexistent")
  }

  var chunks: String { root + "/chunks" }
  var folders: String { root + "/files" }
  var blobs: String { root + "/blobs" }
  var models: String { root + "/models" }
  var staging: String { root + "/staging" }
  /// The folder for a cache of packed weights.
  package var packed: String { root + "/packed" }

  /// The only function from a digest to a path. A ``SHA256Digest`` holds 64 hexadecimal digits by
  /// construction, so the result is always a direct child of `blobs`.
  package func path(of digest: SHA256Digest) -> String {
    blobs + "/sha256-" + digest.hex
  }

  /// Where the digests of a blob's chunks are.
  func chunksPath(of digest: SHA256Digest) -> String {
    chunks + "/sha256-" + digest.hex
  }

  /// The folder of a model of several files; nil for one file. Its name is the digest of names and contents.
  package func folder(of manifest: Manifest) -> String? {
    guard manifest.files.count > 1 || manifest.format == .safetensors else { return nil }
    let list = manifest.files.map { $0.digest.hex + "  " + $0.name + "\n" }.joined()
    return folders + "/" + SHA256Digest(of: Array(list.utf8)).hex
  }

  /// What to open of a model: its file, the first of several under its name, or the folder of safetensors.
  package func entrance(of manifest: Manifest) -> String {
    guard let folder = folder(of: manifest) else { return path(of: manifest.files[0].digest) }
    return manifest.format == .safetensors ? folder : folder + "/" + manifest.files[0].name
  }

  /// Whether everything of a model is here.
  package func isWhole(_ manifest: Manifest) throws(HubError) -> Bool {
    for file in manifest.files where try !holds(file) { return false }
    return folder(of: manifest).map(FileSystem.exists) ?? true
  }

  /// The only function from a name to a path; ``ModelName`` admits neither separators nor `..`.
  package func path(of name: ModelName) -> String {
    models + "/" + name.name + "/" + name.tag + ".json"
  }

  /// Whether a blob is here whole.
  ///
  /// - Throws: ``HubError/damagedBlob(path:found:expected:)`` when it has another length.
  package func holds(_ file: Manifest.File) throws(HubError) -> Bool {
    let path = path(of: file.digest)
    guard let size = FileSystem.size(ofFile: path) else { return false }
    guard size == file.size else {
      throw .damagedBlob(path: path, found: size, expected: file.size)
    }
    return true
  }

  /// The manifest of a model; nil when the store has none.
  package func manifest(of name: ModelName) throws(HubError) -> Manifest? {
    let path = path(of: name)
    guard FileSystem.exists(path) else { return nil }
    let manifest = try Manifest(decoding: try FileSystem.read(path), path: path)
    guard manifest.name == name else {
      throw .damagedManifest(path: path, detail: "it names \(manifest.name), expected \(name)")
    }
    return manifest
  }

  /// Names of the models here, sorted. Files that the store would not write are passed over.
  package func names() -> [ModelName] {
    var found: [ModelName] = []
    for name in FileSystem.names(inDirectory: models) {
      found += tags(of: [name])
      guard ModelName.hosts.contains(name) else { continue }
      for owner in FileSystem.names(inDirectory: models + "/" + name) {
        for repository in FileSystem.names(inDirectory: models + "/" + name + "/" + owner) {
          found += tags(of: [name, owner, repository])
        }
      }
    }
    return found.sorted()
  }

  private func tags(of parts: [String]) -> [ModelName] {
    let name = parts.joined(separator: "/")
    return FileSystem.names(inDirectory: models + "/" + name).compactMap { file in
      file.hasSuffix(".json") ? try? ModelName(name: name, tag: String(file.dropLast(5))) : nil
    }
  }
}
