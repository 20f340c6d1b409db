internal import Foundation
internal import MinkeEngine
internal import MinkeModels
internal import MinkeTensors
internal import MinkeTokenizers

/// What a way of storing keys and values changes in a model's predictions.
public struct CacheLoss: Sendable, Equatable {
  public let keyCache: CacheType
  public let valueCache: CacheType
  /// The mean Kullback–Leibler divergence from the predictions with float32 keys and values, in nats.
  public let divergence: Double
  /// The share of tokens after which the likeliest token is the same.
  public let sameTopToken: Double
  public let perplexity: Double
}

/// Predictions with float32 keys and values, and what coarser ones change.
public struct CacheComparison: Sendable, Equatable {
  public let exact: Perplexity
  public let losses: [CacheLoss]
}

extension LanguageModel {
  /// Compares the types of caches with a float32 cache on a text, cut into chunks as for
  /// ``perplexity(of:contextSize:chunkCount:row:progress:)``: all of one type, then mixtures with q8_0.
  public func cacheLoss(
    of text: String, contextSize: Int = 512, chunkCount: Int? = nil,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(MinkeError) -> CacheComparison {
    let types: [(CacheType, CacheType)] = [
      (.f16, .f16), (.bf16, .bf16), (.q8_0, .q8_0), (.q8_0, .f16), (.f16, .q8_0), (.bf16, .q8_0),
    ]
    return try rethrowing {
      let tokens = try tokenizer.beginning + tokenizer.encode(text, special: .asText)
      return try cacheLoss(
        of: chunks(of: tokens, contextSize: contextSize, chunkCount: chunkCount), types, progress)
    }
  }

  private func cacheLoss(
    of chunks: [[TokenID]], _ types: [(CacheType, CacheType)], _ progress: (Int, Int) -> Void
  ) throws(MinkeError) -> CacheComparison {
    try engine.perform { () throws(MinkeError) in
      try rethrowing {
        let contextSize = chunks[0].count
        let elements = [(.f32, .f32)] + types.map { ($0.element, $1.element) }
        let caches = try elements.map { keys, values in
          try engine.transformer.makeCache(capacity: contextSize, keys: keys, values: values)
        }
        var exact = ExactPredictions()
        var totals = [Totals](repeating: Totals(), count: caches.count)
        for (index, chunk) in chunks.enumerated() {
          try engine.scan(chunk, from: contextSize / 2, caches) { position, number, logits in
            if number == 0 { exact.copy(logits) }
            for row in 0..<logits.count {
              unsafe totals[number].add(
                logits.buffer(row: row), exact, row, target: chunk[position + row + 1])
            }
          }
          progress(index + 1, chunks.count)
        }
        return CacheComparison(
          exact: try totals[0].perplexity,
          losses: try zip(types, totals.dropFirst()).map { try $1.loss($0) })
      }
    }
  }
}

/// The predictions of one part of a chunk with float32 keys and values.
private struct ExactPredictions {
  var logits: [[Float]] = []
  var probabilities: [[Float]] = []
  var top: [Int] = []

  mutating func copy(_ rows: Rows) {
    logits = (0..<rows.count).map { unsafe Array(rows.buffer(row: $0)) }
    probabilities = logits.map { row in
      let sum = unsafe row.withUnsafeBufferPointer { unsafe logSumExp($0) }
      return row.map { Float(exp(Double($0) - sum)) }
    }
    top = logits.map { unsafe $0.withUnsafeBufferPointer { unsafe indexOfLargest($0) } }
  }
}

/// Sums over the scored tokens.
private struct Totals {
  var count = 0
  var sameTop = 0
  var negativeLogLikelihood = 0.0
  var divergence = 0.0

  var perplexity: Perplexity {
    get throws(MinkeError) { try Perplexity(total: negativeLogLikelihood, tokenCount: count) }
  }

  /// Σ p (log p − log q), where the logits' difference takes the place of the logarithms'.
  mutating func add(
    _ logits: UnsafeMutableBufferPointer<Float>, _ exact: ExactPredictions, _ row: Int, target: TokenID
  ) {
    let (p, exactLogits) = (exact.probabilities[row], exact.logits[row])
    var (difference, shift) = (0.0, 0.0)
    unsafe exactLogits.withUnsafeBufferPointer { exactLogits in
      unsafe p.withUnsafeBufferPointer { p in
        for index in 0..<logits.count {
          difference += unsafe Double(p[index]) * Double(exactLogits[index] - logits[index])
        }
      }
      shift = unsafe logSumExp(UnsafeBufferPointer(logits)) - logSumExp(exactLogits)
    }
    divergence += max(difference + shift, 0)
    count += 1
    sameTop += unsafe indexOfLargest(UnsafeBufferPointer(logits)) == exact.top[row] ? 1 : 0
    unsafe negativeLogLikelihood += Minke.negativeLogLikelihood(of: target, logits)
  }

  func loss(_ types: (CacheType, CacheType)) throws(MinkeError) -> CacheLoss {
    CacheLoss(
      keyCache: types.0, valueCache: types.1, divergence: divergence / Double(count),
      sameTopToken: Double(sameTop) / Double(count), perplexity: try perplexity.value)
  }
}

private func indexOfLargest(_ values: UnsafeBufferPointer<Float>) -> Int {
  var best = 0
  for index in 0..<values.count where unsafe values[index] > values[best] { best = index }
  return best
}
