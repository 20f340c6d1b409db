/// The rows of a batch by the experts that they go to: pairs of a row and one of its experts, in the order of experts and
/// then of rows.
///
/// A view of memory that its owner gives; trivial and unowned.
@safe
package struct ExpertGroups {
  package let expertCount: Int
  /// Experts of a row.
  package let usedCount: Int
  package private(set) var rowCount = 0
  /// Experts that have rows, ascending.
  package private(set) var activeCount = 0

  /// Expert `e` has the pairs `starts[e] ..< starts[e + 1]`. `[expertCount + 1]`
  private let starts: UnsafeMutablePointer<Int32>
  /// `[expertCount]`
  private var activeExperts: UnsafeMutablePointer<Int32>
  /// The row of each pair `[rows · usedCount]`.
  private let rows: UnsafeMutablePointer<Int32>
  /// Of row after row, where its pairs are `[rows · usedCount]`.
  private let places: UnsafeMutablePointer<Int32>

  /// 32-bit integers that groups of `rows` rows take.
  package static func memoryCount(expertCount: Int, usedCount: Int, rows: Int) -> Int? {
    let pairs = rows.multipliedReportingOverflow(by: 2 * usedCount)
    let all = pairs.partialValue.addingReportingOverflow(2 * expertCount + 1)
    return pairs.overflow || all.overflow ? nil : all.partialValue
  }

  /// - Parameters:
  ///   - rows: of the largest batch.
  ///   - memory: ``memoryCount(expertCount:usedCount:rows:)`` integers.
  package init(expertCount: Int, usedCount: Int, rows: Int, memory: UnsafeMutablePointer<Int32>) {
    self.expertCount = expertCount
    self.usedCount = usedCount
    unsafe starts = memory
    unsafe activeExperts = memory + expertCount + 1
    unsafe self.rows = activeExperts + expertCount
    unsafe places = self.rows + rows * usedCount
  }

  /// Sorts the pairs by counting.
  ///
  /// - Parameter chosen: the experts of row after row `[rowCount · usedCount]`, each below `expertCount`.
  package mutating func assign(_ chosen: UnsafePointer<Int32>, rowCount: Int) {
    self.rowCount = rowCount
    let pairs = rowCount * usedCount
    unsafe starts.update(repeating: 0, count: expertCount + 1)
    for pair in 0..<pairs { unsafe starts[Int(chosen[pair]) + 1] += 1 }
    activeCount = 0
    for expert in 0..<expertCount {
      if unsafe starts[expert + 1] > 0 {
        unsafe activeExperts[activeCount] = Int32(expert)
        activeCount += 1
      }
      unsafe starts[expert + 1] += starts[expert]
    }
    // Each start moves on as pairs are placed, and ends where the next expert's began.
    for pair in 0..<pairs {
      let expert = unsafe Int(chosen[pair])
      let place = unsafe starts[expert]
      unsafe starts[expert] = place + 1
      unsafe places[pair] = place
      unsafe rows[Int(place)] = Int32(pair / usedCount)
    }
    for expert in stride(from: expertCount, to: 0, by: -1) { unsafe starts[expert] = starts[expert - 1] }
    unsafe starts[0] = 0
  }

  /// The same pairs, with some of the active experts alone: products are of those.
  ///
  /// - Parameter numbers: below ``activeCount``.
  package func active(_ numbers: Range<Int>) -> ExpertGroups {
    precondition(numbers.lowerBound >= 0 && numbers.upperBound <= activeCount)
    var part = self
    unsafe part.activeExperts += numbers.lowerBound
    part.activeCount = numbers.count
    return part
  }

  package var pairCount: Int { rowCount * usedCount }

  /// The expert of a number below ``activeCount``.
  package func active(_ number: Int) -> Int {
    precondition(number >= 0 && number < activeCount)
    return unsafe Int(activeExperts[number])
  }

  /// The pairs of an expert.
  package func pairs(of expert: Int) -> Range<Int> {
    precondition(expert >= 0 && expert < expertCount)
    return unsafe Int(starts[expert])..<Int(starts[expert + 1])
  }

  /// The row of a pair.
  package func row(of pair: Int) -> Int {
    precondition(pair >= 0 && pair < pairCount)
    return unsafe Int(rows[pair])
  }

  /// Where the `rank`-th pair of a row is.
  package func pair(row: Int, rank: Int) -> Int {
    precondition(row >= 0 && row < rowCount && rank >= 0 && rank < usedCount)
    return unsafe Int(places[row * usedCount + rank])
  }
}
