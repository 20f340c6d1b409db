internal import ArgumentParser
internal import MinkeCheckpoints
internal import MinkeHub

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Reads models of the store again and says whether each byte is what was fetched.",
    discussion: """
      Where a file is damaged it names the megabytes; --repair fetches those again. Exits 1 when something is wrong and stays so.

      EXAMPLES
        minke verify
        minke verify qwen3:4b --repair
      """)

  @Argument(help: "Models of the store; all of them unless given.")
  var models: [String] = []

  @Flag(help: "Fetch what is damaged again.")
  var repair = false

  @Flag(help: "Fetch also over plain http and from private addresses.")
  var insecure = false

  @OptionGroup
  var network: NetworkOptions

  @Flag(help: "Print JSON: a list of objects with model, file, sound, problem, repaired.")
  var json = false

  func run() async throws {
    let hub = try network.hub(insecure: insecure)
    var reports: [FileReport] = []
    for manifest in try StoredModels.manifests(models, in: hub) {
      for file in manifest.files {
        let report = try await Self.report(file, of: manifest, in: hub, repair: repair)
        if !json { StandardStream.output.write(report.text) }
        reports.append(report)
      }
    }
    if json { StandardStream.output.write(try JSONText.pretty(reports)) }
    if reports.contains(where: { !$0.sound }) { throw ExitCode(1) }
  }

  private static func report(
    _ file: Manifest.File, of manifest: Manifest, in hub: Hub, repair: Bool
  ) async throws -> FileReport {
    let store = hub.store
    let found = try await FetchDisplay.during(manifest.name.description) { show in
      try store.verify(
        file, progress: { show(FetchProgress(phase: .verifying, completed: $0, total: file.size)) },
        shouldStop: { Task.isCancelled })
    }
    var report = FileReport(found, of: manifest)
    // Without knowing which stretches are wrong there is nothing to fetch again.
    guard case .damaged(_?) = found.state, repair else { return report }
    do {
      let count = try await FetchDisplay.during(manifest.name.description) {
        try await hub.repair(found, of: manifest, progress: $0)
      }
      let again = try store.verify(file)
      report.sound = again.isSound
      report.repaired = count
    } catch let error as HubError where error != .paused && error != .cancelled {
      report.fail(error)
    }
    return report
  }
}

/// One file of a model as `verify` found it.
private struct FileReport: Encodable {
  var model: String
  var file: String
  var sha256: String
  var sound: Bool
  var problem: String?
  /// Stretches that were fetched again.
  var repaired: Int?
  /// What a person can do.
  private var advice = ""

  private enum CodingKeys: String, CodingKey {
    case model, file, sha256, sound, problem, repaired
  }

  init(_ found: VerifiedFile, of manifest: Manifest) {
    model = manifest.name.description
    file = found.file.name
    sha256 = found.file.digest.hex
    sound = found.isSound
    problem = Self.problem(found)
    advice =
      if case .damaged(_?) = found.state { "'minke verify --repair' fetches what is wrong" } else {
        "remove the model and pull it again"
      }
  }

  /// Repairing it did not work.
  mutating func fail(_ error: HubError) {
    problem = (problem ?? "") + "; " + error.description
    advice = ""
  }

  private static func problem(_ found: VerifiedFile) -> String? {
    switch found.state {
    case .sound: return nil
    case .missing: return "it is missing"
    case .cut(let size): return "it has \(size) bytes, expected \(found.file.size)"
    case .damaged(nil): return "its SHA-256 is another"
    case .damaged(let ranges?):
      let named = ranges.prefix(4).map { "\($0.lowerBound) to \($0.upperBound - 1)" }.joined(separator: ", ")
      return "bytes \(named)\(ranges.count > 4 ? " and \(ranges.count - 4) more stretches" : "") are wrong"
    }
  }

  var text: String {
    let name = model + "  " + printable(file, limit: 200)
    let mended = repaired.map { "; \($0) stretches were fetched again" } ?? ""
    if sound { return name + "  " + (problem.map { $0 + mended } ?? "sound") + "\n" }
    return name + "  DAMAGED: " + (problem ?? "") + mended
      + (repaired == nil && !advice.isEmpty ? "; " + advice : "") + "\n"
  }
}

/// The models of the store that a command line names.
enum StoredModels {
  /// - Parameter names: none for all.
  static func manifests(_ names: [String], in hub: Hub) throws -> [Manifest] {
    if names.isEmpty { return try hub.store.names().compactMap { try hub.store.manifest(of: $0) } }
    return try self.names(names, in: hub).map { name in
      guard let manifest = try hub.store.manifest(of: name) else { throw missing(name.description) }
      return manifest
    }
  }

  /// Full names of models that are in the store, whole or not.
  static func names(_ texts: [String], in hub: Hub) throws -> [ModelName] {
    try texts.map { text in
      let (name, tag): (String, String?) =
        switch ModelReference(text) {
        case .name(let name, let tag): (name, tag)
        case .remote(let reference): named(reference, in: hub)
        default: throw missing(text)
        }
      let stored = hub.store.names().filter { $0.name == name && (tag == nil || $0.tag == tag) }
      if stored.count > 1 {
        throw HubError.ambiguousModel(found: text, candidates: stored.map(\.description))
      }
      guard let found = stored.first else { throw missing(text) }
      return found
    }
  }

  /// The whole model that a place means, or the name that it would have.
  private static func named(_ reference: RemoteReference, in hub: Hub) -> (String, String?) {
    if case .stored(let manifest, _)? = try? hub.location(of: reference) {
      return (manifest.name.name, manifest.name.tag)
    }
    return (reference.storeName, reference.storeTag)
  }

  private static func missing(_ name: String) -> CommandError {
    CommandError("\(quoted(name)) is not in the store: 'minke list' shows what is")
  }
}
