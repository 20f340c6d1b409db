internal import ArgumentParser
internal import Foundation
internal import Minke
internal import MinkeHub

struct PerplexityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perplexity",
    abstract: "Measures how well a model predicts a text: lower is better.",
    discussion: """
      The text is cut into consecutive chunks, each read on its own; the second half of each chunk is scored. \
      The result is exp of the mean negative log-likelihood of the scored tokens.

      EXAMPLES
        minke perplexity smollm2:135m text.txt --chunks 8
        minke perplexity ./model.gguf text.txt --context-size 512 --chunks 20 --json
      """)

  @Argument(help: "A name in the store or the catalogue, or the path of a .gguf file.")
  var model: String

  @Argument(help: "A text file in UTF-8.")
  var file: String

  @Option(help: "Tokens of a chunk.")
  var contextSize = 512

  @Option(help: "Chunks to read, from the beginning of the text; all unless given.")
  var chunks: Int?

  @OptionGroup
  var loading: LoadingOptions

  @Flag(help: #"Print {"perplexity": …, "tokens": …}."#)
  var json = false

  func validate() throws {
    if contextSize < 4 { throw ValidationError("--context-size must be at least 4.") }
    if let chunks, chunks < 1 { throw ValidationError("--chunks must be at least 1.") }
  }

  func run() async throws {
    let text = String(decoding: try InputFile.read(file), as: UTF8.self)
    let finder = try ModelFinder()
    let model = try loading.load(
      try await finder.find(model), from: finder.hub.store, contextLength: contextSize)
    defer { model.waitForPackCache() }
    let isTerminal = StandardStream.error.isTerminal
    let result = try model.perplexity(of: text, contextSize: contextSize, chunkCount: chunks) { done, all in
      if isTerminal { StandardStream.error.write("\rchunk \(done) of \(all)\u{1B}[K") }
    }
    if isTerminal { StandardStream.error.write("\r\u{1B}[K") }
    guard json else {
      StandardStream.output.write("perplexity \(result.value) over \(result.tokenCount) tokens\n")
      return
    }
    StandardStream.output.write(
      try JSONText.line(PerplexityReport(perplexity: result.value, tokens: result.tokenCount)))
  }
}

private struct PerplexityReport: Encodable {
  var perplexity: Double
  var tokens: Int
}
