/// The models on this device: content-addressed blobs and small manifests.
///
///     blobs/sha256-<64 hexadecimal digits>    a file, read-only
///     models/<name>/<tag>.json                a manifest
///     staging/sha256-<digits>/                what is being fetched, with a lock beside it
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
      for file in FileSystem.names(inDirectory: models + "/" + name) where file.hasSuffix(".json") {
        guard let model = try? ModelName(name: name, tag: String(file.dropLast(5))) else { continue }
        found.append(model)
      }
    }
    return found.sorted()
  }
}
