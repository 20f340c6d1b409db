internal import ArgumentParser
internal import MinkeCheckpoints
internal import MinkeHub
internal import MinkeModels

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Shows the models on this device and those that can be fetched by name.",
    discussion: """
      HERE says whose keeping a model is in: yes for the store, or another program's name, whose files are used where they \
      lie. RUNS says whether this version runs the model's architecture. Sizes with ~ are those of the usual quantisation.

      EXAMPLES
        minke list
        minke list --here
        minke list --json | python3 -m json.tool
      """)

  @Flag(help: "Only models that are on this device.")
  var here = false

  @OptionGroup
  var network: NetworkOptions

  @Flag(
    help: "Print JSON: a list of objects with name, title, license, architecture, size, fetched, place, runs."
  )
  var json = false

  func run() throws {
    let listings = try network.hub().listings().filter { !here || $0.isFetched || $0.problem != nil }
    StandardStream.output.write(
      json ? try JSONText.pretty(listings.map(ModelRow.init)) : Self.table(listings))
  }

  private static func table(_ listings: [Hub.Listing]) -> String {
    var table = Table([("NAME", .left), ("SIZE", .right), ("HERE", .left), ("RUNS", .left), ("MODEL", .left)])
    for listing in listings {
      let row = ModelRow(listing)
      table.add([
        printable(listing.name, limit: 200), (row.isAbout ? "~" : "") + byteText(listing.size),
        Self.here(listing),
        row.runs.map { $0 ? "yes" : "no" } ?? "?", printable(listing.problem ?? listing.title, limit: 400),
      ])
    }
    return table.text
  }

  private static func here(_ listing: Hub.Listing) -> String {
    if listing.problem != nil { return "damaged" }
    guard listing.isFetched else { return "no" }
    return listing.place == .store ? "yes" : listing.place.rawValue
  }
}

/// A model as scripts read it.
private struct ModelRow: Encodable {
  var name: String
  var title: String
  var license: String
  var architecture: String
  var quantization: String
  var size: Int
  var fetched: Bool
  var place: String
  /// Whether this version runs its architecture; nil where that is not known without reading it.
  var runs: Bool?
  var problem: String?
  /// Whether the size is that of a usual file, not of a pinned one.
  var isAbout: Bool

  private enum CodingKeys: String, CodingKey {
    case name, title, license, architecture, quantization, size, fetched, place, runs, problem
    case isAbout = "size_is_approximate"
  }

  init(_ listing: Hub.Listing) {
    name = listing.name
    title = listing.title
    license = listing.license
    architecture = listing.architecture
    quantization = listing.quantization
    size = listing.size
    fetched = listing.isFetched
    place = listing.place.rawValue
    runs = listing.architecture.isEmpty ? nil : ArchitectureRegistry.names.contains(listing.architecture)
    problem = listing.problem
    isAbout = !listing.isFetched && !listing.isPinned
  }
}
