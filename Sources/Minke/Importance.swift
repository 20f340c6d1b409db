package import MinkeCheckpoints
internal import MinkeEngine
internal import MinkeModels
internal import MinkeTensors
internal import MinkeTokenizers

extension LanguageModel {
  /// How much each input column of the model's matrices matters for a text, cut into chunks as for
  /// ``perplexity(of:contextSize:chunkCount:row:progress:)``; the output matrix sees the second half of each.
  ///
  /// - Parameters:
  ///   - dataset: what the result says that it was made of.
  ///   - progress: called with the number of chunks done and of all chunks.
  package func importance(
    of text: String, dataset: String, contextSize: Int = 512, chunkCount: Int? = nil,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(MinkeError) -> ImportanceMatrix {
    try rethrowing {
      let tokens = try tokenizer.beginning + tokenizer.encode(text, special: .asText)
      let chunks = try chunks(of: tokens, contextSize: contextSize, chunkCount: chunkCount)
      let entries = try engine.perform { () throws(MinkeError) in
        try rethrowing {
          let cache = try engine.makeCache(capacity: contextSize)
          let statistics = try engine.transformer.makeStatistics()
          for (index, chunk) in chunks.enumerated() {
            try engine.scan(chunk, from: contextSize / 2, [cache], adding: statistics) { _, _, _ in }
            progress(index + 1, chunks.count)
          }
          return statistics.entries
        }
      }
      return try ImportanceMatrix(
        entries, dataset: dataset, chunkCount: chunks.count, chunkSize: contextSize)
    }
  }
}

extension ImportanceMatrix {
  /// - Throws: ``MinkeError`` where the activations are not finite.
  init(
    _ entries: [ActivationStatistics.Entry], dataset: String, chunkCount: Int, chunkSize: Int
  ) throws(MinkeError) {
    var result: [String: Entry] = [:]
    for entry in entries {
      let sums = entry.sums.map { Float($0) }
      guard sums.allSatisfy(\.isFinite) else {
        throw MinkeError(
          .numeric,
          "the inputs of \(entry.name) are not finite; expected numbers: the file may be damaged")
      }
      result[entry.name] = Entry(sums: sums, counts: entry.counts.map { Float($0) })
    }
    self.init(entries: result, datasets: [dataset], chunkCount: chunkCount, chunkSize: chunkSize)
  }
}
