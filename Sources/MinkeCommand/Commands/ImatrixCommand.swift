internal import ArgumentParser
internal import Foundation
internal import Minke
internal import MinkeCheckpoints
internal import MinkeHub

struct ImatrixCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "imatrix",
    abstract: "Measures which weights matter for a text: an importance matrix, for 'minke quantize'.",
    discussion: """
      For every matrix of the layers and the output matrix, the mean square of what each column is multiplied by while \
      the model reads the text. The file is one that llama.cpp's tools read too. A few dozen chunks of text like what \
      the model will see are enough.

      EXAMPLES
        minke imatrix model-f16.gguf text.txt -o model.imatrix.gguf --chunks 50
      """)

  @Argument(help: "A name in the store or the catalogue, or the path of a .gguf file.")
  var model: String

  @Argument(help: "A text file in UTF-8.")
  var text: String

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String

  @Option(help: "Tokens of a chunk.")
  var contextSize = 512

  @Option(help: "Chunks to read, from the beginning of the text; all unless given.")
  var chunks: Int?

  @OptionGroup
  var network: NetworkOptions

  @Flag(help: "Replace the file if it exists.")
  var force = false

  @OptionGroup
  var loading: LoadingOptions

  @Flag(help: #"Print {"path": …, "tensors": …, "chunks": …, "chunk_size": …}."#)
  var json = false

  func validate() throws {
    if contextSize < 4 { throw ValidationError("--context-size must be at least 4.") }
    if let chunks, chunks < 1 { throw ValidationError("--chunks must be at least 1.") }
  }

  func run() async throws {
    let finder = try ModelFinder(network)
    let found = try await finder.find(model)
    try OutputTarget(path: output).check(replacing: force, sources: [found.path, text])
    let words = String(decoding: try InputFile.read(text), as: UTF8.self)
    let model = try loading.load(found, from: finder.hub.store, contextLength: contextSize)
    defer { model.waitForPackCache() }
    let status = StatusLine()
    let matrix = try model.importance(
      of: words, dataset: text, contextSize: contextSize, chunkCount: chunks
    ) { status.show(chunk: $0, of: $1) }
    status.clear()
    try matrix.write(to: output, replacing: force)
    let report = ImatrixReport(
      path: output, tensors: matrix.entries.count, chunks: matrix.chunkCount, chunkSize: matrix.chunkSize)
    StandardStream.output.write(json ? try JSONText.line(report) : report.text)
  }
}

private struct ImatrixReport: Encodable {
  var path: String
  var tensors: Int
  var chunks: Int
  var chunkSize: Int

  private enum CodingKeys: String, CodingKey {
    case path, tensors, chunks
    case chunkSize = "chunk_size"
  }

  var text: String {
    "\(tensors) tensors over \(chunks) chunks of \(chunkSize) tokens: \(printable(path))\n"
  }
}
