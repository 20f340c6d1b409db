internal import ArgumentParser
internal import MinkeHub

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Copies a model from a bundle or a .gguf file into the store of this machine.",
    discussion: """
      Every byte is checked against what the bundle says of it. A .gguf file that stays where it is need not be \
      imported: give its path instead of a name.

      EXAMPLES
        minke import /media/stick/smollm2
        minke import ./Llama-3.2-1B-Q4_K_M.gguf --name llama3.2:1b
      """)

  @Argument(help: "A bundle, or a .gguf file; of a split model any part.")
  var file: String

  @Option(help: "What to call the model, as name:tag.")
  var name: String?

  @Flag(help: "Replace another model of that name.")
  var force = false

  @Flag(help: "Print a JSON object: name, size, files.")
  var json = false

  func run() async throws {
    let hub = try Hub.current()
    let (file, force) = (file, force)
    let name = if let name { try ModelName(name) } else { nil as ModelName? }
    let manifest = try await FetchDisplay.during(name?.description ?? file) {
      try await hub.importModel(from: file, as: name, replacing: force, progress: $0)
    }
    if json {
      StandardStream.output.write(try JSONText.pretty(ImportReport(manifest)))
    } else {
      StandardStream.output.write("\(manifest.name), \(byteText(manifest.size))\n")
    }
  }
}

/// An imported model as scripts read it.
private struct ImportReport: Encodable {
  var name: String
  var size: Int
  var files: [String]

  init(_ manifest: Manifest) {
    (name, size, files) = (manifest.name.description, manifest.size, manifest.files.map(\.name))
  }
}
