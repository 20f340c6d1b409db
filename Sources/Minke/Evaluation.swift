internal import Foundation
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
    row: (Span<Float>) throws(MinkeError) -> Void = { _ in }, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(MinkeError) -> Perplexity {
    try rethrowing {
      let tokens = try tokenizer.beginning + tokenizer.encode(text, special: .asText)
      return try perplexity(
        of: tokens, contextSize: contextSize, chunkCount: chunkCount, row: row, progress: progress)
    }
  }

  package func perplexity(
    of tokens: [TokenID], contextSize: Int, chunkCount: Int? = nil,
    row: (Span<Float>) throws(MinkeError) -> Void = { _ in }, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(MinkeError) -> Perplexity {
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
    let count = chunkCount ?? available
    return try engine.perform { () throws(MinkeError) in
      try rethrowing {
        let cache = try engine.transformer.makeCache(capacity: contextSize)
        var total = 0.0
        for index in 0..<count {
          var chunk = Array(tokens[index * contextSize..<(index + 1) * contextSize])
          if tokenizer.addsBOS, let bos = tokenizer.bos { chunk[0] = bos }
          cache.count = 0
          total += try engine.negativeLogLikelihood(of: chunk, from: contextSize / 2, cache, row)
          progress(index + 1, count)
        }
        let scored = count * (contextSize - 1 - contextSize / 2)
        return Perplexity(value: exp(total / Double(scored)), tokenCount: scored)
      }
    }
  }
}

extension Engine {
  /// −Σ log p of the chunk's tokens after position `start`, each given those before it. `handle` sees the logits.
  func negativeLogLikelihood(
    of chunk: [TokenID], from start: Int, _ cache: KVCache, _ handle: (Span<Float>) throws(MinkeError) -> Void
  ) throws -> Double {
    let limits = workspace.limits
    var position = 0
    while position < start {
      let part = chunk[position..<min(position + limits.rows, start)]
      _ = try transformer.forward([SequenceInput(part, cache: cache, logitCount: 0)], in: workspace)
      position += part.count
    }
    var total = 0.0
    while position < chunk.count - 1 {
      let part = chunk[position..<min(position + min(limits.logitRows, limits.rows), chunk.count - 1)]
      let logits = try transformer.forward(
        [SequenceInput(part, cache: cache, logitCount: part.count)], in: workspace)
      for row in 0..<part.count {
        let values = unsafe UnsafeBufferPointer(logits.buffer(row: row))
        let target = Int(chunk[position + row + 1])
        total += unsafe logSumExp(values) - Double(values[target])
        try handle(unsafe values.span)
      }
      position += part.count
    }
    guard total.isFinite else {
      throw MinkeError(
        .numeric, "the model's logits are not finite; expected numbers: the file may be damaged")
    }
    return total
  }
}
