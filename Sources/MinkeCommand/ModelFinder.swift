internal import Foundation
internal import MinkeCheckpoints
internal import MinkeHub
internal import MinkeModels

/// Finds the model that a person names, fetching it first where the catalogue offers it.
struct ModelFinder {
  /// A model's file or folder, and what to call it.
  struct Found {
    /// The name to show: the model's in the store, or the file's.
    var name: String
    var path: String
    /// What the store or a bundle knows of it; nil for a file that lies elsewhere.
    var manifest: Manifest?
    /// Whether the file was what the manifest says when it came here.
    var isVerified = true

    /// The SHA-256 of the file, where it is known and there is only one.
    var digest: SHA256Digest? {
      isVerified && manifest?.files.count == 1 ? manifest?.files.first?.digest : nil
    }
  }

  let hub: Hub
  /// The model that this program carries.
  private let bundle: ModelBundle?

  /// - Throws: `HubError` when there is no place for a store, and no model that could do without.
  init(_ network: NetworkOptions? = nil) throws {
    let bundle = try RunningProgram.bundle()
    hub = try Hub.current(offline: network?.offline ?? false, needsStore: bundle == nil)
    self.bundle = bundle
  }

  /// Whether a word alone names a model, be it one that cannot be used: `find` then says why.
  ///
  /// Only what the store, the catalogue and the file system do not know at all is no model. Text with a
  /// slash is looked up as a path, so that no file there means the same.
  func isModel(_ word: String) -> Bool {
    do {
      _ = try locate(folderOr: word)
      return true
    } catch .unknownModel, .noSuchFile(path: word) {
      return false
    } catch {
      return true
    }
  }

  /// The model's file, fetched with a progress bar if need be; nil means the default model.
  func find(_ model: String?) async throws -> Found {
    switch try locate(model) {
    case .stored(let manifest, let path) where path == bundle?.file.path:
      // Nobody has read a bundle for its digest here, so packed weights are not kept by it.
      return Found(name: manifest.name.description, path: path, manifest: manifest, isVerified: false)
    case .file(let path):
      return Found(name: (path as NSString).lastPathComponent, path: path)
    case .stored(let manifest, let path):
      return Found(name: manifest.name.description, path: path, manifest: manifest)
    case .foreign(let model):
      // What another program states of a file is not taken for its digest.
      return Found(name: model.reference, path: model.path)
    case .offered(let entry, let quantization):
      try Self.checkCanRun(entry)
      let options = Hub.FetchOptions(quantization: quantization?.name, memory: SystemMemory.installed())
      let hub = hub
      let (manifest, path) = try await FetchDisplay.during(entry.name.description) {
        try await hub.fetch(entry, options, progress: $0)
      }
      return Found(name: manifest.name.description, path: path, manifest: manifest)
    case .remote(let reference):
      let options = Hub.FetchOptions(memory: SystemMemory.installed())
      let hub = hub
      let (manifest, path) = try await FetchDisplay.during(reference.description) {
        try await hub.fetch(reference, options, progress: $0)
      }
      return Found(name: manifest.name.description, path: path, manifest: manifest)
    }
  }

  func locate(_ model: String?) throws -> Hub.Location {
    if let bundle, model == nil || model == bundle.manifest.name.description {
      return .stored(bundle.manifest, path: bundle.file.path)
    }
    guard let name = model ?? hub.catalogue.defaultModel?.description else {
      throw CommandError("there is no default model: name one")
    }
    return try locate(folderOr: name)
  }

  /// What the hub knows by this name, or a folder of the working directory that holds a model.
  private func locate(folderOr name: String) throws(HubError) -> Hub.Location {
    do {
      return try hub.locate(name)
    } catch {
      guard case .unknownModel = error, isModelFolder(name) else { throw error }
      return .file(path: name)
    }
  }

  /// Says before anything is fetched that it could not be run.
  private static func checkCanRun(_ entry: Catalogue.Entry) throws(CommandError) {
    guard !ArchitectureRegistry.names.contains(entry.architecture) else { return }
    throw CommandError(
      "\(entry.name) (\(entry.title)) is of the architecture \(entry.architecture), which this version does not run: it runs "
        + "\(ArchitectureRegistry.names.joined(separator: ", ")); 'minke pull \(entry.name)' fetches it all the same"
    )
  }
}
