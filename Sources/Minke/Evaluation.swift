internal import Foundation
internal import MinkeEngine
internal import MinkeModels
internal import MinkeTensors
package import MinkeTokenizers

/// How well a model predicts a text.
public struct Perplexity: Sendable, Equatable {
  /// exp of the mean negative log-likelihood of the scored tokens.
  public let value: Double
  /// Tokens scored.
  public let tokenCount: Int
}

extension LanguageModel {
  /// The perplexity of a text, cut into consecutive chunks of `contextSize` tokens, each on its own; the second half of each
  /// chunk is scored. Where the model wants BOS, it takes the place of each chunk's first token. The protocol is that of
  /// llama.cpp's `perplexity`.
  ///
  /// - Parameters:
  ///   - chunkCount: chunks to score, from the beginning of the text; nil: all.
  ///   - row: called with the logits of every scored position in turn, one a token of the vocabulary; what it
  ///     throws ends the measurement.
  ///   - progress: called with the number of chunks done and of all chunks.
  public func perplexity(
    of text: String, contextSize: Int = 512, chunkCount: Int? = nil,
    row handle: (Span<Float>) throws(MinkeError) -> Void = { _ in },
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(MinkeError) -> Perplexity {
    try rethrowing {
      let tokens = try tokenizer.beginning + tokenizer.encode(text, special: .asText)
      return try perplexity(
        of: tokens, contextSize: contextSize, chunkCount: chunkCount, row: handle, progress: progress)
    }
  }

  package func perplexity(
    of tokens: [TokenID], contextSize: Int, chunkCount: Int? = nil,
    row handle: (Span<Float>) throws(MinkeError) -> Void = { _ in },
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(MinkeError) -> Perplexity {
    let chunks = try chunks(of: tokens, contextSize: contextSize, chunkCount: chunkCount)
    return try engine.perform { () throws(MinkeError) in
      try rethrowing {
        let cache = try engine.makeCache(capacity: contextSize)
        var total = 0.0
        for (index, chunk) in chunks.enumerated() {
          try engine.scan(chunk, from: contextSize / 2, [cache]) { position, _, logits in
            for row in 0..<logits.count {
              let values = unsafe logits.buffer(row: row)
              total += unsafe negativeLogLikelihood(of: chunk[position + row + 1], values)
              try handle(unsafe values.span)
            }
          }
          progress(index + 1, chunks.count)
        }
        return try Perplexity(total: total, tokenCount: chunks.count * (contextSize - 1 - contextSize / 2))
      }
    }
  }

  /// Consecutive chunks of a text, each with BOS in the place of its first token where the model wants it.
  func chunks(of tokens: [TokenID], contextSize: Int, chunkCount: Int?) throws(MinkeError) -> [[TokenID]] {
    guard (4...max(4, information.trainedContextLength)).contains(contextSize) else {
      throw MinkeError(
        .parameters,
        "the context size is \(contextSize); expected 4 to \(information.trainedContextLength), the model's context"
      )
    }
    let available = tokens.count / contextSize
    guard available > 0 else {
      throw MinkeError(
        .parameters, "the text has \(tokens.count) tokens; expected at least the context size, \(contextSize)"
      )
    }
    if let chunkCount, !(1...available).contains(chunkCount) {
      throw MinkeError(
        .parameters,
        "\(chunkCount) chunks of \(contextSize) tokens were asked for; expected 1 to \(available), which the text holds"
      )
    }
    return (0..<(chunkCount ?? available)).map { index in
      var chunk = Array(tokens[index * contextSize..<(index + 1) * contextSize])
      if tokenizer.addsBOS, let bos = tokenizer.bos { chunk[0] = bos }
      return chunk
    }
  }
}

extension Perplexity {
  /// - Parameter total: the sum of the negative log-likelihoods.
  init(total: Double, tokenCount: Int) throws(MinkeError) {
    guard total.isFinite else {
      throw MinkeError(
        .numeric, "the model's logits are not finite; expected numbers: the file may be damaged")
    }
    self.init(value: exp(total / Double(tokenCount)), tokenCount: tokenCount)
  }
}

/// −log p of a token whose distribution has these logits.
func negativeLogLikelihood(of token: TokenID, _ logits: UnsafeMutableBufferPointer<Float>) -> Double {
  unsafe logSumExp(UnsafeBufferPointer(logits)) - Double(logits[Int(token)])
}

extension Engine {
  /// An empty cache for a job's sequence of up to `capacity` tokens, of the types the model was loaded with.
  func makeCache(capacity: Int) throws -> KVCache {
    try transformer.makeCache(capacity: capacity, keys: options.keys, values: options.values)
  }

  /// Runs a chunk in each of some caches, which are emptied first, and hands over the logits of its tokens after position
  /// `start` but for the last: part by part, each part for one cache after the other.
  ///
  /// - Parameters:
  ///   - statistics: what the inputs of the model's matrices are added to, where that is wanted.
  ///   - visit: called with the position of the part's first token, the cache's number and the logits
  ///     `[tokens, vocabulary]`, which are overwritten by the next.
  func scan(
    _ chunk: [TokenID], from start: Int, _ caches: [KVCache], adding statistics: ActivationStatistics? = nil,
    visit: (Int, Int, Rows) throws -> Void
  ) throws {
    for cache in caches { cache.count = 0 }
    let limits = workspace.limits
    var position = 0
    while position < chunk.count - 1 {
      let isScored = position >= start
      let end = isScored ? position + min(limits.logitRows, limits.rows) : min(position + limits.rows, start)
      let part = chunk[position..<min(end, chunk.count - 1)]
      for (number, cache) in caches.enumerated() {
        let input = SequenceInput(part, cache: cache, logitCount: isScored ? part.count : 0)
        let logits = try transformer.forward([input], in: workspace, adding: statistics)
        if isScored { try visit(position, number, logits) }
      }
      position += part.count
    }
  }
}
