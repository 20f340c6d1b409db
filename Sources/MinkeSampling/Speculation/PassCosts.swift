/// What a pass with several rows costs, relative to one with a single row, as far as it was measured.
///
/// Sequences on one machine share it. Rows that were never tried are taken to cost hardly more than fewer rows, so
/// that each number which may be the best is tried once.
package struct PassCosts: Sendable, Equatable {
  /// What each row adds where nothing was measured. Decoding reads all weights for one row; the arithmetic of a
  /// second one hides behind that where memory is the limit.
  private static let assumedSlope = 0.02
  /// An observation counts at least so much, so that old ones fade.
  private static let leastWeight = 1.0 / 16

  /// By rows less one: the average.
  private var averages: [Double] = [1]
  private var counts: [Int] = [1]
  /// What making one guess costs, where that is not for nothing: the time of a draft model's pass, divided by that of the
  /// model's with one row.
  package var guessCost = 0.0

  package init() {}

  /// Notes a pass.
  ///
  /// - Parameters:
  ///   - rows: how many rows the sequence had in it.
  ///   - cost: its time divided by that of the same pass with one row; what is not positive and finite is ignored.
  package mutating func observe(rows: Int, cost: Double) {
    guard (2...1024).contains(rows), cost.isFinite, cost > 0 else { return }
    while averages.count < rows {
      averages.append(0)
      counts.append(0)
    }
    counts[rows - 1] += 1
    let weight = max(1 / Double(counts[rows - 1]), Self.leastWeight)
    averages[rows - 1] += weight * (cost - averages[rows - 1])
  }

  /// The relative cost of a pass with so many rows, the making of the guesses among them included. The pass itself costs at
  /// least 1, and never more than a measured pass with more rows, which corrects a single slow observation.
  package subscript(rows: Int) -> Double {
    guard rows > 1 else { return 1 }
    var below = min(rows, averages.count)
    while counts[below - 1] == 0 { below -= 1 }
    var cost = averages[below - 1] + Self.assumedSlope * Double(rows - below)
    for more in rows..<max(averages.count, rows) where counts[more] > 0 { cost = min(cost, averages[more]) }
    return max(cost, 1) + guessCost * Double(rows - 1)
  }
}
