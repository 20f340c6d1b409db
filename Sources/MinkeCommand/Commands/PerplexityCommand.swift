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

      With --compare-caches the text is read with each type of cache beside an exact one of float32, and a table says \
      what each changes: the mean Kullback-Leibler divergence from the exact predictions, how often the likeliest \
      token stays the same, and the perplexity.

      EXAMPLES
        minke perplexity smollm2:135m text.txt --chunks 8
        minke perplexity ./model.gguf text.txt --context-size 512 --chunks 20 --json
        minke perplexity smollm2:135m text.txt --chunks 8 --compare-caches
        minke perplexity ./model.gguf text.txt --chunks 1 --logits logits.f32
      """)

  @Argument(help: "A name in the store or the catalogue, or the path of a .gguf file or a model folder.")
  var model: String

  @Argument(help: "A text file in UTF-8.")
  var file: String

  @Option(help: "Tokens of a chunk.")
  var contextSize = 512

  @Option(help: "Chunks to read, from the beginning of the text; all unless given.")
  var chunks: Int?

  @OptionGroup
  var loading: LoadingOptions

  @OptionGroup
  var network: NetworkOptions

  @Flag(help: "Print what each type of cache loses, in place of the perplexity with one.")
  var compareCaches = false

  @Option(
    help: ArgumentHelp(
      "Write the logits of every scored position to this file or pipe, as little-endian float32, row after row.",
      valueName: "file"))
  var logits: String?

  @Flag(help: #"Print {"perplexity": …, "tokens": …}, with --compare-caches also "losses"."#)
  var json = false

  func validate() throws {
    if contextSize < 4 { throw ValidationError("--context-size must be at least 4.") }
    if compareCaches, logits != nil {
      throw ValidationError("--compare-caches and --logits exclude each other.")
    }
    if let chunks, chunks < 1 { throw ValidationError("--chunks must be at least 1.") }
  }

  func run() async throws {
    let text = String(decoding: try InputFile.read(file), as: UTF8.self)
    let finder = try ModelFinder(network)
    let model = try loading.load(
      try await finder.find(model), from: finder.hub.store, contextLength: contextSize)
    defer { model.waitForPackCache() }
    let status = StatusLine()
    let logitFile = try logits.map(LogitFile.init)
    let write = { (row: Span<Float>) throws(MinkeError) in if let logitFile { try logitFile.write(row) } }
    let progress = { (done: Int, all: Int) in status.show(chunk: done, of: all) }
    let report: PerplexityReport
    if compareCaches {
      report = PerplexityReport(
        try model.cacheLoss(of: text, contextSize: contextSize, chunkCount: chunks, progress: progress))
    } else {
      report = PerplexityReport(
        try model.perplexity(
          of: text, contextSize: contextSize, chunkCount: chunks, row: write, progress: progress))
    }
    status.clear()
    StandardStream.output.write(json ? try JSONText.line(report) : report.text)
  }
}

private struct PerplexityReport: Encodable {
  struct Loss: Encodable {
    var keys: String
    var values: String
    var divergence: Double
    var sameTopToken: Double
    var perplexity: Double

    private enum CodingKeys: String, CodingKey {
      case keys, values, divergence, perplexity
      case sameTopToken = "same_top_token"
    }
  }

  var perplexity: Double
  var tokens: Int
  var losses: [Loss]?

  init(_ perplexity: Perplexity) {
    self.perplexity = perplexity.value
    tokens = perplexity.tokenCount
  }

  init(_ comparison: CacheComparison) {
    self.init(comparison.exact)
    losses = comparison.losses.map {
      Loss(
        keys: $0.keyCache.rawValue, values: $0.valueCache.rawValue, divergence: $0.divergence,
        sameTopToken: $0.sameTopToken, perplexity: $0.perplexity)
    }
  }

  var text: String {
    guard let losses else { return "perplexity \(perplexity) over \(tokens) tokens\n" }
    var table = Table([
      ("KEYS", .left), ("VALUES", .left), ("DIVERGENCE", .right), ("SAME TOP TOKEN", .right),
      ("PERPLEXITY", .right),
    ])
    for loss in losses {
      table.add([
        loss.keys, loss.values, String(format: "%.6f", loss.divergence),
        String(format: "%.2f %%", loss.sameTopToken * 100),
        String(format: "%+.3f %%", (loss.perplexity / perplexity - 1) * 100),
      ])
    }
    return "perplexity \(perplexity) over \(tokens) tokens with keys and values of float32\n" + table.text
  }
}
