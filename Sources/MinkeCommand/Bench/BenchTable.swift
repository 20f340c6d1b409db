internal import Minke
internal import MinkeCheckpoints
internal import MinkeHub

/// What `minke bench` prints for people.
enum BenchTable {
  enum Form {
    case plain, markdown
  }

  /// The model and the machine in some lines, then a row a test.
  static func text(_ report: BenchmarkReport, model: String, _ form: Form) -> String {
    let table = table(report)
    let model = printable(model, limit: 400)
    switch form {
    case .plain:
      return model + "\n" + facts(report).map { "  " + $0 + "\n" }.joined() + "\n" + table.text
    case .markdown:
      return "**\(model)**\n\n" + facts(report).map { "- " + $0 + "\n" }.joined() + "\n" + table.markdown
    }
  }

  private static func facts(_ report: BenchmarkReport) -> [String] {
    var memory =
      "file \(byteText(report.information.fileSize)), packed weights \(byteText(report.weightByteCount))"
    if let peak = report.peakMemory { memory += ", peak memory \(byteText(peak))" }
    let threads = report.threadCount == 1 ? "1 thread" : "\(report.threadCount) threads"
    let cache = report.cacheTypes
    return [
      memory,
      "first token after \(decimalText(report.timeToFirstToken, 3)) s, loading from the page cache included",
      "\(threads), \(report.instructionSet), keys \(cache.keys), values \(cache.values)",
      "the machine reads \(decimalText(report.readBandwidth.median / 1e9, 1)) GB/s and multiplies "
        + "\(decimalText(report.multiplyPeak.median / 1e9, 0)) Gop/s in 8 bits",
    ] + (report.experts.map { [StreamingText.text($0)] } ?? [])
  }

  private static func table(_ report: BenchmarkReport) -> Table {
    var table = Table([
      ("TEST", .left), ("DEPTH", .right), ("BATCH", .right), ("TOKENS/S", .right), ("FROM", .right),
      ("TO", .right), ("MB/TOKEN", .right), ("OF READING", .right), ("OF MULTIPLYING", .right),
    ])
    for result in report.results {
      let tokens = result.test.kind == .prefill ? report.plan.prompt : report.plan.generate
      table.add([
        "\(result.test.kind.rawValue) \(tokens)", "\(result.test.depth)", "\(result.test.batch)",
        rate(result.rate.median), rate(result.rate.minimum), rate(result.rate.maximum),
        decimalText(result.bytesPerToken / 1e6, 1), percent(result.bandwidthFraction),
        percent(result.multiplyFraction),
      ])
    }
    return table
  }

  private static func rate(_ value: Double) -> String { decimalText(value, value < 100 ? 2 : 1) }

  private static func percent(_ fraction: Double) -> String { decimalText(fraction * 100, 1) + " %" }
}
