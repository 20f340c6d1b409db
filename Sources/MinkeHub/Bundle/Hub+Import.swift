internal import Foundation
internal import MinkeCheckpoints

extension Hub {
  /// Copies a model into the store: the one that a bundle carries, or a GGUF file with all its parts. Every byte is
  /// hashed on the way, and a bundle whose bytes are not what its manifest says is refused.
  ///
  /// - Parameters:
  ///   - name: what to call it; by default what the bundle calls it, or what the file's name suggests.
  ///   - replacing: whether another model of that name may be replaced.
  ///   - progress: called with the bytes copied so far and at the end.
  package func importModel(
    from path: String, as name: ModelName? = nil, replacing: Bool = false, progress: Progress = { _ in }
  ) async throws(HubError) -> Manifest {
    var (manifest, sources) = try Self.sources(of: path, name)
    if let name { manifest.name = name }
    // Nothing vouches for it.
    manifest.origin = nil
    if !replacing, let there = try store.manifest(of: manifest.name), there.files != manifest.files {
      throw .nameTaken(model: manifest.name.description)
    }
    manifest.added = Manifest.now
    let lock = try await store.lockForAdding()
    defer { _ = lock }
    store.sweep()
    var completed = 0
    let total = manifest.size
    for (file, source) in zip(manifest.files, sources) {
      guard let staging = try store.stage(file.digest) else { throw .busy(model: manifest.name.description) }
      if try !store.holds(file) {
        try FileSystem.requireRoom(file.size, at: staging.path)
        let copy = try RangeCopy(to: staging.path + "/content")
        try copy.append(source.path, source.range) {
          progress(FetchProgress(phase: .copying, completed: completed + $0, total: total))
        }
        try copy.close()
        progress(FetchProgress(phase: .verifying, completed: completed + file.size, total: total))
        try staging.install(file, from: staging.path + "/content", shouldStop: { Task.isCancelled })
      }
      completed += file.size
    }
    try store.add(manifest)
    return manifest
  }

  private typealias Source = (path: String, range: Range<Int>)

  private static func sources(of path: String, _ name: ModelName?) throws(HubError) -> (Manifest, [Source]) {
    if let bundle = try ModelBundle(path: path) {
      return (bundle.manifest, bundle.file.layout.files.map { (path, $0) })
    }
    let parts: [String]
    do {
      parts = try GGUFFile(path: path).parts.map(\.path)
    } catch {
      throw .damagedModel(error)
    }
    let manifest = try Manifest(describing: parts, name: name, shouldStop: { Task.isCancelled })
    return (manifest, zip(parts, manifest.files).map { ($0, 0..<$1.size) })
  }
}
