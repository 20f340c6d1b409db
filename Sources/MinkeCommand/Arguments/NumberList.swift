/// Whole numbers separated by commas, as options take them: `0,4096`.
package enum NumberList {
  /// - Throws: `CommandError` for anything but numbers of `range`.
  package static func parse(_ text: String, in range: ClosedRange<Int>) throws(CommandError) -> [Int] {
    var numbers: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let number = Int(part), range.contains(number) else {
        throw CommandError(
          "found '\(part)', expected numbers from \(range.lowerBound) to \(range.upperBound), separated by commas"
        )
      }
      numbers.append(number)
    }
    return numbers
  }
}
