internal import Foundation

/// Makes one vector of the rows of a text, which come piece by piece.
struct EmbeddingSum {
  let pooling: EmbeddingPooling
  private var sum: [Double]
  private var count = 0

  init(_ pooling: EmbeddingPooling, width: Int) {
    self.pooling = pooling
    sum = Array(repeating: 0, count: width)
  }

  /// Takes the next token's row, as wide as the vector.
  mutating func add(_ row: UnsafeBufferPointer<Float>) {
    defer { count += 1 }
    switch pooling {
    case .mean: for index in sum.indices { sum[index] += Double(unsafe row[index]) }
    case .cls where count > 0: break
    case .cls, .last: for index in sum.indices { sum[index] = Double(unsafe row[index]) }
    }
  }

  /// - Parameter normalizes: whether its length is to be 1.
  /// - Throws: if the model computed something that is not a number.
  func vector(normalizes: Bool) throws(MinkeError) -> [Float] {
    let length = sqrt(sum.reduce(0) { $0 + $1 * $1 })
    guard length.isFinite else {
      throw MinkeError(.numeric, "the embedding has the length \(length); expected a finite one")
    }
    var scale = pooling == .mean ? 1 / Double(max(count, 1)) : 1
    if normalizes { scale = length > 0 ? 1 / length : 0 }
    return sum.map { Float($0 * scale) }
  }
}
