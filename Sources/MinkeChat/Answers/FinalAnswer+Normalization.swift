extension FinalAnswer {
  /// The form in which answers are compared.
  ///
  /// LaTeX becomes plain text (see `PlainMath`); signs that carry nothing in an answer go: `$`, a full stop, a degree
  /// or percent sign at the end, `x =` in front, parentheses around a choice. Numbers lose thousands separators and
  /// superfluous zeros; fractions of whole numbers are reduced, and written as decimals where those end. Words are
  /// compared without regard to case.
  public static func normalize(_ text: String) -> String {
    var answer = PlainMath.text(text)
    answer.removeAll { $0 == "°" }
    answer = collapsed(answer)
    answer = withoutEnds(answer)
    if let variable = answer.firstRange(of: "="), isVariable(answer[..<variable.lowerBound]) {
      answer = String(answer[variable.upperBound...])
    }
    answer = AnswerNumbers.canonical(answer)
    return isWords(answer) ? answer.lowercased() : answer
  }

  /// White space stays, as one space, only between words.
  private static func collapsed(_ text: String) -> String {
    var result: [Unicode.Scalar] = []
    var pendingSpace = false
    for scalar in text.unicodeScalars {
      if scalar.properties.isWhitespace {
        pendingSpace = true
        continue
      }
      if pendingSpace, let last = result.last, last.properties.isAlphabetic, scalar.properties.isAlphabetic {
        result.append(" ")
      }
      pendingSpace = false
      result.append(scalar)
    }
    return string(result[...])
  }

  private static func withoutEnds(_ text: String) -> String {
    var scalars = Array(text.unicodeScalars)[...]
    while let last = scalars.last, ".。,;:!*%`".unicodeScalars.contains(last) { scalars.removeLast() }
    while let first = scalars.first, "*:`".unicodeScalars.contains(first) { scalars.removeFirst() }
    for unit in ["degrees", "degree", "percent"] {
      guard scalars.reversed().starts(with: unit.unicodeScalars.reversed()),
        let before = scalars.dropLast(unit.unicodeScalars.count).last,
        before.properties.numericType == .decimal
      else { continue }
      scalars.removeLast(unit.unicodeScalars.count)
    }
    // A choice: (A), A).
    if scalars.last == ")" {
      let inner = scalars.dropLast()
      let choice = inner.first == "(" ? inner.dropFirst() : inner
      if choice.count == 1, choice.allSatisfy({ $0.properties.isAlphabetic }) { scalars = choice }
    }
    return string(scalars)
  }

  private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  private static func isVariable(_ text: Substring) -> Bool {
    text.unicodeScalars.count == 1 && text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic }
  }

  private static func isWords(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || " -'’".unicodeScalars.contains($0) }
  }
}
