internal import Minke
internal import MinkeHub
internal import MinkeModels

/// What is said of experts that are read from the file as they are needed.
enum StreamingText {
  /// Before a model is loaded; nil where all experts are in memory.
  static func line(_ estimate: MemoryEstimate) -> String? {
    guard let budget = estimate.expertBudget, let experts = estimate.experts else { return nil }
    return
      "minke: not all experts fit into memory: \(byteText(budget)) hold \(percent(budget, experts.packedBytes)) of them, the others "
      + "are read from the file as they are needed (\(byteText(experts.fileBytes)); a token reads "
      + "\(byteText(experts.fileBytesPerToken)) at worst)"
  }

  /// After an answer, for `--stats`.
  static func text(_ experts: ExpertStatistics, diskBytes: Int? = nil) -> String {
    var parts = ["experts: room for \(experts.slots) of \(experts.experts)"]
    for (name, counts) in [("decode", experts.decoding), ("prefill", experts.batched)] {
      guard let hitRate = counts.hitRate, counts.tokens > 0 else { continue }
      parts.append(
        "\(name) \(counts.hits) hits, \(counts.misses) misses (hit rate \(percent(hitRate))), "
          + "\(byteText(counts.bytesRead)) read (\(byteText(counts.bytesRead / counts.tokens)) a token) and packed in "
          + "\(decimalText(counts.seconds, 2)) s, \(percent(counts.missesGuessed, counts.misses)) of misses guessed "
          + "(\(percent(counts.missesGuessed, counts.guesses)) of guesses right, \(counts.readAhead) read ahead)"
      )
    }
    if let diskBytes { parts.append("\(byteText(diskBytes)) read from the disk in all") }
    return parts.joined(separator: "; ")
  }

  private static func percent(_ part: Int, _ whole: Int) -> String {
    whole > 0 ? percent(Double(part) / Double(whole)) : "-"
  }

  private static func percent(_ share: Double) -> String { decimalText(share * 100, 1) + " %" }
}

/// The same for scripts. Units are bytes and seconds.
struct ExpertFigures: Encodable {
  struct Counts: Encodable {
    var tokens: Int
    var hits: Int
    var misses: Int
    var hitRate: Double?
    var bytesRead: Int
    var bytesReadPerToken: Double?
    var missesGuessed: Int
    var guesses: Int
    var readAhead: Int
    var seconds: Double

    init(_ counts: ExpertStatistics.Counts) {
      (tokens, hits, misses, hitRate) = (counts.tokens, counts.hits, counts.misses, counts.hitRate)
      bytesRead = counts.bytesRead
      bytesReadPerToken = counts.tokens > 0 ? Double(counts.bytesRead) / Double(counts.tokens) : nil
      (missesGuessed, guesses, readAhead) = (counts.missesGuessed, counts.guesses, counts.readAhead)
      seconds = counts.seconds
    }

    private enum CodingKeys: String, CodingKey {
      case tokens, hits, misses, guesses, seconds
      case hitRate = "hit_rate"
      case bytesRead = "bytes_read"
      case bytesReadPerToken = "bytes_read_per_token"
      case missesGuessed = "misses_guessed"
      case readAhead = "read_ahead"
    }
  }

  var slots: Int
  var experts: Int
  /// Passes of one token, and of several.
  var decode: Counts
  var prefill: Counts
  /// What came from disks, where the system says so.
  var diskBytes: Int?

  init(_ statistics: ExpertStatistics, diskBytes: Int? = nil) {
    (slots, experts) = (statistics.slots, statistics.experts)
    (decode, prefill) = (Counts(statistics.decoding), Counts(statistics.batched))
    self.diskBytes = diskBytes
  }

  private enum CodingKeys: String, CodingKey {
    case slots, experts, decode, prefill
    case diskBytes = "disk_bytes"
  }
}
