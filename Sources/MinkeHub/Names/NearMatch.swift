/// Which of the known names somebody who wrote another one probably meant.
package enum NearMatch {
  /// At most three names, nearest first: those that begin with the text, or differ from it by at most a
  /// third of its letters.
  package static func names(to text: String, among known: [String]) -> [String] {
    let text = text.lowercased()
    guard !text.isEmpty, text.utf8.count <= 129 else { return [] }
    let scored = known.compactMap { candidate -> (String, Int)? in
      let name = candidate.prefix { $0 != ":" }
      if candidate.hasPrefix(text) || text.hasPrefix(name) { return (candidate, 0) }
      let distance = min(
        editDistance(Array(text.utf8), Array(candidate.utf8)),
        editDistance(Array(text.utf8), Array(name.utf8)))
      return distance <= max(1, text.utf8.count / 3) ? (candidate, distance) : nil
    }
    return scored.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.prefix(3).map(\.0)
  }

  /// Levenshtein's distance: the fewest insertions, deletions and replacements.
  package static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a == b ? 0 : 1))
        diagonal = above
      }
    }
    return row[right.count]
  }
}
