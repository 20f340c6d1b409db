extension Hub {
  /// A model as a list shows it.
  package struct Listing: Equatable, Sendable {
    package enum Place: String, Sendable {
      case store, catalogue
      case ollama
      case lmStudio = "lmstudio"
      case huggingFace = "huggingface"
    }

    /// As it is given to a command.
    package var name: String
    package var title: String
    package var license: String
    package var architecture: String
    package var quantization: String
    /// Bytes of its files; about, for one that is not pinned and not here.
    package var size: Int
    /// Whether the size is exact though it is not here.
    package var isPinned = false
    /// Whether it can be run with no network.
    package var isFetched: Bool
    package var place: Place
    /// Why a model of the store cannot be read, if so.
    package var problem: String?
  }

  /// The catalogue's models and the store's, in the order of ``knownNames()``, then those of other programs.
  package func listings() -> [Listing] {
    knownNames().map(listing) + caches.flatMap { $0.models().map(listing) }
  }

  private func listing(of name: ModelName) -> Listing {
    let entry = catalogue[name]
    func offered(_ problem: String?) -> Listing {
      Listing(
        name: name.description, title: entry?.title ?? "", license: entry?.license ?? "",
        architecture: entry?.architecture ?? "", quantization: entry?.quantization ?? "",
        size: entry?.size ?? 0,
        isPinned: entry?.isPinned ?? false, isFetched: false, place: problem == nil ? .catalogue : .store,
        problem: problem)
    }
    do {
      guard let manifest = try store.manifest(of: name) else { return offered(nil) }
      guard try store.isWhole(manifest) else {
        if entry != nil { return offered(nil) }
        throw HubError.noSuchFile(path: store.path(of: manifest.files[0].digest))
      }
      return Listing(
        name: name.description, title: manifest.title, license: manifest.license,
        architecture: manifest.architecture, quantization: manifest.quantization ?? entry?.quantization ?? "",
        size: manifest.size, isFetched: true, place: .store)
    } catch {
      return offered("\(error)")
    }
  }

  private func listing(of model: ForeignCache.Model) -> Listing {
    let place: Listing.Place =
      switch model.program {
      case .ollama: .ollama
      case .lmStudio: .lmStudio
      case .huggingFace: .huggingFace
      }
    return Listing(
      name: model.reference, title: "in the keeping of \(model.program.title)", license: "", architecture: "",
      quantization: model.quantization?.name ?? "", size: model.size, isFetched: true, place: place)
  }
}
