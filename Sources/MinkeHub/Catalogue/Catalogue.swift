/// Models that can be fetched by name: data, which says of each what it is before anything is fetched.
package struct Catalogue: Sendable {
  /// Where a model comes from.
  package enum Source: Equatable, Sendable {
    /// Packages of the Python package index, everything pinned.
    case packages(PackageFile)
    /// A repository at a hub; what its files are is learnt from the hub.
    case repository(RemoteReference.Host, RepositoryName, ModelFormat)

    /// For people.
    package var description: String {
      switch self {
      case .packages(let file): file.origin
      case .repository(let host, let name, _): host.rawValue + "/" + name.text
      }
    }
  }

  /// A model on offer.
  package struct Entry: Equatable, Sendable {
    package var name: ModelName
    /// What the model is, in one line, named as what it is.
    package var title: String
    /// Its licence, as an SPDX identifier where there is one.
    package var license: String
    /// The architecture as GGUF names it.
    package var architecture: String
    /// How its weights are stored, unless something else is asked for or fits.
    package var quantization: String
    /// What it was made from; nil for a model trained from nothing.
    package var base: String?
    /// Bytes of its files, about; exact for what is pinned.
    package var size: Int
    /// Parameters, about.
    package var parameters: Int?
    /// Tokens of context that it was made for.
    package var contextLength: Int?
    /// Bytes of keys and values a token, in half precision.
    package var cacheBytesPerToken: Int?
    /// Whether a name without a tag means this one.
    package var isDefault: Bool
    package var source: Source

    package init(
      name: ModelName, title: String, license: String, architecture: String, quantization: String,
      source: Source, size: Int, base: String? = nil, parameters: Int? = nil, contextLength: Int? = nil,
      cacheBytesPerToken: Int? = nil, isDefault: Bool = false
    ) {
      self.name = name
      self.title = title
      self.license = license
      self.architecture = architecture
      self.quantization = quantization
      self.source = source
      self.size = size
      self.base = base
      self.parameters = parameters
      self.contextLength = contextLength
      self.cacheBytesPerToken = cacheBytesPerToken
      self.isDefault = isDefault
    }

    /// Whether the size is exact.
    package var isPinned: Bool {
      if case .packages = source { true } else { false }
    }

    /// Bytes of memory that it takes with a context of so many tokens, about: weights, keys and values, and a twentieth of
    /// the weights with 100 MB of working room.
    package func memory(contextLength: Int) -> Int? {
      guard let cacheBytesPerToken else { return nil }
      return size + size / 20 + 100_000_000 + contextLength * cacheBytesPerToken
    }
  }

  /// The models, the default first.
  package let entries: [Entry]

  package init(entries: [Entry]) {
    self.entries = entries
  }

  /// The model of `minke run "…"`: the first entry.
  package var defaultModel: ModelName? { entries.first?.name }

  /// The entry of a full name.
  package subscript(name: ModelName) -> Entry? {
    entries.first { $0.name == name }
  }

  /// The entry that a name without a tag means: the one marked so, or the first.
  package func entry(named name: String) -> Entry? {
    let family = entries.filter { $0.name.name == name }
    return family.first(where: \.isDefault) ?? family.first
  }

  /// The entry that a full name means, with the quantisation that its tag may add: `deepseek-r1:7b-q8_0`.
  package func entry(for name: ModelName) -> (entry: Entry, quantization: Quantization?)? {
    if let entry = self[name] { return (entry, nil) }
    if name.tag == "latest" { return entry(named: name.name).map { ($0, nil) } }
    for entry in entries where entry.name.name == name.name && name.tag.hasPrefix(entry.name.tag + "-") {
      guard !entry.isPinned else { continue }
      if let quantization = Quantization(name.tag.dropFirst(entry.name.tag.count + 1)) {
        return (entry, quantization)
      }
    }
    return nil
  }
}
