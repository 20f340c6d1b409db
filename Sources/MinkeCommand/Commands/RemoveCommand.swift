internal import ArgumentParser
internal import MinkeHub

struct RemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Removes models from the store; files that other models share are kept.",
    discussion: """
      EXAMPLES
        minke remove qwen3:4b
      """)

  @Argument(help: "Models of the store.")
  var models: [String]

  @OptionGroup
  var network: NetworkOptions

  @Flag(help: "Print a JSON object: models, blobs, bytes.")
  var json = false

  func run() throws {
    let hub = try network.hub()
    let removal = try hub.store.remove(try StoredModels.names(models, in: hub))
    StandardStream.output.write(
      json ? try JSONText.pretty(RemovalReport(removal)) : RemovalReport(removal).text)
  }
}

struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract:
      "Removes what no model of the store needs: files without a name, interrupted fetches, old packed weights.",
    discussion: """
      EXAMPLES
        minke prune
      """)

  @OptionGroup
  var network: NetworkOptions

  @Flag(help: "Print a JSON object: models, blobs, interrupted, packed, bytes.")
  var json = false

  func run() throws {
    let removal = try network.hub().store.prune()
    StandardStream.output.write(
      json ? try JSONText.pretty(RemovalReport(removal)) : RemovalReport(removal).text)
  }
}

/// What was removed, for people and for scripts.
private struct RemovalReport: Encodable {
  var models: [String]
  var blobs: Int
  var interrupted: Int
  var packed: Int
  var bytes: Int

  init(_ removal: Store.Removal) {
    models = removal.models.map(\.description)
    blobs = removal.blobs
    interrupted = removal.staging
    packed = removal.packed
    bytes = removal.bytes
  }

  var text: String {
    var parts = models.map { "removed " + $0 }
    func add(_ count: Int, _ one: String, _ many: String) {
      if count > 0 { parts.append("\(count) \(count == 1 ? one : many)") }
    }
    add(blobs, "file", "files")
    add(interrupted, "interrupted fetch", "interrupted fetches")
    add(packed, "file of packed weights", "files of packed weights")
    return
      (parts.isEmpty ? "nothing to remove" : parts.joined(separator: ", ") + ": \(byteText(bytes)) freed")
      + "\n"
  }
}
