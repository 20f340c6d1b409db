extension Hub {
  /// Finds a model that is named by where it comes from: in the store, in the cache of the hub's own program, there.
  ///
  /// What is here is the answer only if it is what the name says: this file, this revision.
  package func location(of reference: RemoteReference) throws(HubError) -> Location {
    if let exact = try stored(underNameOf: reference) { return exact }
    let found = store.names().filter { $0.name == reference.storeName }.compactMap { name -> Manifest? in
      // One that cannot be read is no answer.
      guard let manifest = try? store.manifest(of: name), (try? store.isWhole(manifest)) == true,
        manifest.isOf(reference)
      else { return nil }
      return manifest
    }
    if reference.isWholeRepository, found.count > 1 {
      throw .ambiguousModel(found: reference.storeName, candidates: found.map(\.name.description))
    }
    if let manifest = found.first { return .stored(manifest, path: store.entrance(of: manifest)) }
    if let model = cached(reference) { return .foreign(model) }
    return .remote(reference)
  }

  /// The model under the very name that a list shows: of an address, or with a tag that is no file's name.
  private func stored(underNameOf reference: RemoteReference) throws(HubError) -> Location? {
    guard let tag = reference.storeTag else { return nil }
    switch reference.place {
    case .file: return nil
    case .repository where reference.fileName != nil || reference.revision != nil: return nil
    default: break
    }
    guard let manifest = try store.manifest(of: ModelName(name: reference.storeName, tag: tag)),
      try store.isWhole(manifest)
    else { return nil }
    return .stored(manifest, path: store.entrance(of: manifest))
  }

  /// That cache is searched by quantisation alone, so a file or a revision is never taken from it.
  private func cached(_ reference: RemoteReference) -> ForeignCache.Model? {
    guard case .repository(_, _, nil) = reference.place else { return nil }
    let wanted = reference.tag.flatMap { Quantization($0) }
    return caches.filter { $0.program == .huggingFace }.flatMap { $0.models() }.first {
      $0.repository == reference.storeName
        && (reference.tag == nil || wanted != nil && $0.quantization == wanted)
    }
  }

  /// A name in the store that no other file or revision has: with a few digits more where another has the usual one.
  func free(
    _ name: ModelName, for offered: SourceFiles
  ) throws(HubError) -> ModelName {
    guard let other = try? store.manifest(of: name), let file = offered.files.first else { return name }
    let isSame =
      other.files[0].place == file.remote?.path ?? file.name
      && (other.origin?.asked ?? other.origin?.revision) == offered.origin.revision
    if isSame { return name }
    let mark = RemoteReference.mark((file.remote?.path ?? file.name) + "\n" + (offered.origin.revision ?? ""))
    return try ModelName(name: name.name, tag: name.tag.prefix(80) + "-" + mark)
  }
}

extension RemoteReference {
  /// A file that is named after the colon.
  var fileName: String? { tag.flatMap { $0.lowercased().hasSuffix(".gguf") ? $0 : nil } }

  var isWholeRepository: Bool {
    if case .repository = place { tag == nil } else { false }
  }
}

extension Manifest.File {
  /// Where it is in its repository.
  var place: String { path ?? name }
}

extension Manifest {
  /// Whether a reference to a repository or a file there means this model.
  fileprivate func isOf(_ reference: RemoteReference) -> Bool {
    guard let host = reference.host, origin?.hub ?? host.rawValue == host.rawValue else { return false }
    let asked = origin?.asked ?? origin?.revision ?? host.defaultRevision
    let wanted = reference.revision ?? host.defaultRevision
    guard wanted == asked || reference.revision != nil && wanted == origin?.revision else { return false }
    if case .file(_, _, _, let path) = reference.place {
      // Of a folder of safetensors one file is not the model.
      guard format != .safetensors || files.count == 1 else { return false }
      return files.contains { $0.place == path.joined(separator: "/") }
    }
    if let file = reference.fileName { return files.contains { $0.name == file } }
    return reference.tag == nil
  }
}
