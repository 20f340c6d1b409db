package import Foundation

/// What the store knows of one model: small JSON at `models/<name>/<tag>.json`.
package struct Manifest: Codable, Equatable, Sendable {
  /// One file of the model, kept as a blob.
  package struct File: Codable, Equatable, Sendable {
    /// The file's name where it came from, a plain one: see ``FileName``.
    package var name: String
    /// Its content.
    package var digest: SHA256Digest
    /// Bytes.
    package var size: Int
    /// Where it is in its repository, where that is not its name alone.
    package var path: String?

    package init(name: String, digest: SHA256Digest, size: Int, path: String? = nil) {
      self.name = name
      self.digest = digest
      self.size = size
      self.path = path
    }
  }

  /// Where a model came from, exactly enough to fetch a part of it again.
  package struct Origin: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
      case packageIndex = "package_index"
      case repository, address
    }

    package var kind: Kind
    /// `hf.co` or `modelscope.cn`.
    package var hub: String?
    package var repository: String?
    /// The commit that was read, or what was asked for where no commit is known.
    package var revision: String?
    /// The branch, tag or commit that was asked for.
    package var asked: String?
    /// nil where it is not kept, since a part of it may be secret.
    package var address: String?

    package init(
      kind: Kind, hub: String? = nil, repository: String? = nil, revision: String? = nil,
      address: String? = nil
    ) {
      self.kind = kind
      self.hub = hub
      self.repository = repository
      self.revision = revision
      self.address = address
    }
  }

  /// The version of this layout.
  package var schema = 1
  package var name: ModelName
  /// What the model is, in one line.
  package var title: String
  /// Its licence, as an SPDX identifier where there is one.
  package var license: String
  /// The GGUF architecture, such as `llama`.
  package var architecture: String
  /// The checkpoint's files; the first is the one to open.
  package var files: [File]
  /// Where the files came from, for people.
  package var source: String
  /// When they were put into the store.
  package var added: Date
  /// nil means GGUF.
  package var format: ModelFormat?
  /// How its weights are stored, where the files' names say so.
  package var quantization: String?
  /// What the model was made from.
  package var base: String?
  package var origin: Origin?

  package init(
    name: ModelName, title: String, license: String, architecture: String, files: [File],
    source: String, added: Date
  ) {
    self.name = name
    self.title = title
    self.license = license
    self.architecture = architecture
    self.files = files
    self.source = source
    self.added = added
  }

  /// This moment in whole seconds, as the manifest's JSON keeps them.
  static var now: Date { Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down)) }

  /// Bytes of all files.
  package var size: Int {
    files.reduce(0) { total, file in
      let (sum, overflow) = total.addingReportingOverflow(file.size)
      return overflow ? .max : sum
    }
  }
}

extension Manifest {
  private static let maximumBytes = 1 << 20

  /// The JSON of the manifest: readable, keys sorted, so that it differs only where the model does.
  package func encoded() throws(HubError) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    do {
      return try encoder.encode(self)
    } catch {
      throw .fileSystem(operation: "encode", path: "the manifest of \(name)", reason: "\(error)")
    }
  }

  /// Reads a manifest and refuses one that the store could not have written.
  ///
  /// - Throws: ``HubError/damagedManifest(path:detail:)``.
  package init(decoding data: Data, path: String) throws(HubError) {
    guard data.count <= Self.maximumBytes else {
      throw .damagedManifest(path: path, detail: "\(data.count) bytes, expected fewer than a million")
    }
    do {
      let decoder = JSONDecoder()
      decoder.dateDecodingStrategy = .iso8601
      self = try decoder.decode(Manifest.self, from: data)
    } catch {
      throw .damagedManifest(path: path, detail: Self.reason(error))
    }
    guard schema == 1 else {
      throw .damagedManifest(path: path, detail: "layout \(schema), expected 1")
    }
    guard !files.isEmpty, files.allSatisfy({ $0.size >= 0 }) else {
      throw .damagedManifest(path: path, detail: "no files, or a negative size")
    }
    guard files.allSatisfy({ FileName.isPlain($0.name) }) else {
      throw .damagedManifest(path: path, detail: "a file has a name with separators or control characters")
    }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as HubError: error.description
    case DecodingError.keyNotFound(let key, _): "no field '\(key.stringValue)'"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "field '\(context.codingPath.map(\.stringValue).joined(separator: "."))' has another type"
    case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
      "field '\(context.codingPath.map(\.stringValue).joined(separator: "."))' is malformed"
    default: "not JSON"
    }
  }
}
