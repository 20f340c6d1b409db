internal import Foundation

/// From what a person calls a model to its file on this machine.
package struct Hub: Sendable {
  package let store: Store
  package let catalogue: Catalogue
  package let source: PackageIndexSource
  /// What it needs to open connections.
  package var network: Network
  /// Models of other programs, in the order in which they are looked for.
  package let caches: [ForeignCache]

  /// How hubs and servers are reached.
  package struct Network: Sendable {
    package var environment: [String: String]
    package var access: NetworkAccess
    /// Whether plain http and private addresses are allowed everywhere.
    package var isInsecure: Bool
    package var resolver: any HostResolver
    package var patience: Duration
    package var download: DownloadOptions

    package init(
      environment: [String: String] = [:], access: NetworkAccess = .allowed, isInsecure: Bool = false,
      resolver: any HostResolver = SystemResolver(), patience: Duration = .seconds(30),
      download: DownloadOptions = DownloadOptions()
    ) {
      self.environment = environment
      self.access = access
      self.isInsecure = isInsecure
      self.resolver = resolver
      self.patience = patience
      self.download = download
    }
  }

  package init(
    store: Store, catalogue: Catalogue = .builtIn, source: PackageIndexSource = PackageIndexSource(),
    network: Network = Network(), caches: [ForeignCache] = []
  ) {
    self.store = store
    self.catalogue = catalogue
    var source = source
    source.access = network.access
    self.source = source
    self.network = network
    self.caches = caches
  }

  /// The hub of this process: its store, its environment, the other programs of its user.
  ///
  /// - Parameter needsStore: whether it is an error that there is no place for a store.
  package static func current(
    offline: Bool = false, insecure: Bool = false, needsStore: Bool = true
  ) throws(HubError) -> Hub {
    let environment = ProcessInfo.processInfo.environment
    return Hub(
      store: needsStore ? try Store.current() : Store.currentOrNone(),
      network: Network(
        environment: environment, access: NetworkAccess(offline: offline, environment: environment),
        isInsecure: insecure),
      caches: ForeignCache.all(environment: environment))
  }

  /// Where a model is.
  package enum Location: Equatable, Sendable {
    /// A file where it lies, outside the store.
    case file(path: String)
    /// In the store.
    case stored(Manifest, path: String)
    /// Where another program has it.
    case foreign(ForeignCache.Model)
    /// In the catalogue, not fetched.
    case offered(Catalogue.Entry, Quantization?)
    /// At a place on a network, not fetched.
    case remote(RemoteReference)
  }

  /// Finds a model without touching the network: a path, a name in the store, one in another program's keeping, a name in
  /// the catalogue, in this order.
  ///
  /// A name without a tag means the catalogue's choice if that is in the store, otherwise the only one
  /// in the store, otherwise the catalogue's choice.
  package func locate(_ text: String) throws(HubError) -> Location {
    switch ModelReference(text) {
    case .path(let path):
      guard FileSystem.exists(path) else { throw .noSuchFile(path: path) }
      return .file(path: path)
    case .remote(let reference):
      return try location(of: reference)
    case .foreign(let program, let name):
      if let found = foreign(program, name) { return .foreign(found) }
    case .name(let name, let tag?):
      if let found = try location(of: ModelName(name: name, tag: tag)) { return found }
    case .name(let name, nil):
      if let found = try location(ofUntagged: name) { return found }
    case .unreadable(_, let error?) where !text.contains(" "):
      throw error
    case .unreadable:
      break
    }
    if FileSystem.size(ofFile: text) != nil { return .file(path: text) }
    let known = knownNames().map(\.description)
    let candidates = text.contains(":") ? known : families()
    throw .unknownModel(found: text, near: NearMatch.names(to: text, among: candidates), known: known)
  }

  /// What the catalogue offers under a name, with or without a tag; nil for one that it does not have.
  package func offered(_ text: String) throws(HubError) -> (
    entry: Catalogue.Entry, quantization: Quantization?
  )? {
    guard case .name(let name, let tag) = ModelReference(text) else { return nil }
    guard let tag else { return catalogue.entry(named: name).map { ($0, nil) } }
    return catalogue.entry(for: try ModelName(name: name, tag: tag))
  }

  /// The names in the catalogue and in the store, the catalogue's first.
  package func knownNames() -> [ModelName] {
    let offered = catalogue.entries.map(\.name)
    return offered + store.names().filter { !offered.contains($0) }
  }

  /// One name of each family.
  private func families() -> [String] {
    var seen: Set<String> = []
    return knownNames().compactMap { name in
      guard seen.insert(name.name).inserted else { return nil }
      return (catalogue.entry(named: name.name)?.name ?? name).description
    }
  }

  private func location(of name: ModelName) throws(HubError) -> Location? {
    let offered = catalogue.entry(for: name)
    if let manifest = try store.manifest(of: name) {
      if try store.isWhole(manifest) { return .stored(manifest, path: store.entrance(of: manifest)) }
      if offered == nil { throw .noSuchFile(path: store.path(of: manifest.files[0].digest)) }
    }
    if let found = foreign(name.description) { return .foreign(found) }
    return offered.map { .offered($0.entry, $0.quantization) }
  }

  private func location(ofUntagged name: String) throws(HubError) -> Location? {
    let stored = store.names().filter { $0.name == name }
    let preferred = catalogue.entry(named: name)?.name
    if let preferred, stored.contains(preferred) { return try location(of: preferred) }
    if stored.count > 1 {
      throw .ambiguousModel(found: name, candidates: stored.map(\.description))
    }
    if stored.isEmpty, let found = foreign(name + ":latest") { return .foreign(found) }
    guard let choice = stored.first ?? preferred else { return nil }
    return try location(of: choice)
  }

  // MARK: Other programs

  /// A model of another program by its name there; `:latest` may be left out.
  private func foreign(_ program: ForeignCache.Program, _ name: String) -> ForeignCache.Model? {
    let models = caches.filter { $0.program == program }.flatMap { $0.models() }
    return models.first { $0.name == name } ?? models.first { $0.name == name + ":latest" }
  }

  /// A model of Ollama, whose names are as the catalogue's.
  private func foreign(_ name: String) -> ForeignCache.Model? { foreign(.ollama, name) }
}
