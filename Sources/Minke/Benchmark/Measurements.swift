/// The results of measuring one thing several times.
public struct Measurements: Sendable, Equatable {
  /// In the order they were taken; at least one.
  public let values: [Double]

  /// Nil where nothing was measured.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    self.values = values
  }

  /// The middle of the sorted values; of an even number the mean of the two in the middle.
  public var median: Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }

  public var minimum: Double { values.min() ?? .nan }
  public var maximum: Double { values.max() ?? .nan }
}
