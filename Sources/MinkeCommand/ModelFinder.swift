internal import Foundation
internal import MinkeCheckpoints
internal import MinkeHub

/// Finds the model that a person names, fetching it first where the catalogue offers it.
struct ModelFinder {
  /// A model's file or folder, and what to call it.
  struct Found {
    /// The name to show: the model's in the store, or the file's.
    var name: String
    var path: String
    /// The SHA-256 of the file, where the store states it.
    var digest: SHA256Digest?
  }

  let hub: Hub

  /// - Throws: `HubError` when there is no place for a store.
  init() throws {
    hub = Hub(store: try Store.current())
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
    case .file(let path):
      return Found(name: (path as NSString).lastPathComponent, path: path)
    case .stored(let manifest, let path):
      return Found(name: manifest.name.description, path: path, digest: manifest.onlyFile?.digest)
    case .offered(let entry):
      let (manifest, path) = try await fetch(entry)
      return Found(name: entry.name.description, path: path, digest: manifest.onlyFile?.digest)
    }
  }

  func locate(_ model: String?) throws -> Hub.Location {
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

  /// Fetches until done or Ctrl-C, which leaves nothing behind.
  private func fetch(_ entry: Catalogue.Entry) async throws -> (manifest: Manifest, path: String) {
    let display = FetchDisplay(title: entry.name.description)
    defer { display.clear() }
    let hub = hub
    let task = Task {
      try await hub.fetch(entry) { display.show($0) }
    }
    Interrupts.begin { task.cancel() }
    defer { Interrupts.end() }
    return try await task.value
  }
}

extension Manifest {
  /// The file of a model that is not split.
  fileprivate var onlyFile: File? { files.count == 1 ? files.first : nil }
}

/// The progress bar on standard error, if that is a terminal; nothing otherwise.
private final class FetchDisplay: Sendable {
  private let isTerminal = StandardStream.error.isTerminal
  private let bar: Locked<ProgressBar>

  init(title: String) {
    bar = Locked(ProgressBar(title: title))
  }

  func show(_ progress: FetchProgress) {
    guard isTerminal else { return }
    let now = ProcessInfo.processInfo.systemUptime
    let width = StandardStream.error.size.columns
    let line = bar.withLock { $0.line(progress, at: now, width: width) }
    StandardStream.error.write("\r" + line + "\u{1B}[K")
  }

  func clear() {
    if isTerminal { StandardStream.error.write("\r\u{1B}[K") }
  }
}
