/// Words that end where lower case turns to upper case: GPT-4o's splits.
extension PieceScanner {
  func gpt4oWord(_ text: Span<UInt8>, at index: Int) -> Int? {
    let (scalarClass, after) = read(text, index)
    if let last = ledWord(text, at: index, scalarClass, after) {
      return last < end ? contraction(text, at: last, anyCase: true) ?? last : last
    }
    if scalarClass.isNumber { return numbers(text, at: index, atMost: 3) }
    let start = text[index] == 0x20 ? after : index
    var last = skip(text, start) { !$0.isLetter && !$0.isNumber && !$0.isWhitespace }
    if last > start {
      while last < end, isNewline(text, at: last) || text[last] == UInt8(ascii: "/") { last += 1 }
      return last
    }
    return whitespace(text, at: index, breaksAtNewlines: true)
  }

  /// `lead?upper*lower+|lead?upper+lower*`
  @inline(__always)
  private func ledWord(_ text: Span<UInt8>, at index: Int, _ scalarClass: ScalarClass, _ after: Int) -> Int? {
    if scalarClass.isLetter { return casedRun(text, at: index)?.end }
    if scalarClass.isNumber || isNewline(text, at: index) { return nil }
    let run = casedRun(text, at: after)
    // A mark may be the lead or all of lower+, and the first alternative tries both before the second gets its turn.
    if scalarClass.category == ScalarClass.mark, run?.reachesLower != true { return after }
    return run?.end
  }

  /// `upper*lower+|upper+lower*`, and whether it is the first of them that matched.
  ///
  /// Where no lower case follows upper*, lower+ takes back from it the last scalar that is in both sets: what is after
  /// that scalar has upper case only, so it is read once more, as a word of its own, and not again.
  @inline(__always)
  private func casedRun(_ text: Span<UInt8>, at index: Int) -> (end: Int, reachesLower: Bool)? {
    var position = index
    var afterBoth: Int?
    while position < end {
      let (scalarClass, after) = read(text, position)
      guard scalarClass.isUpperSide else {
        guard scalarClass.isLowerSide else { break }
        return (skip(text, after) { $0.isLowerSide }, true)
      }
      if scalarClass.isLowerSide { afterBoth = after }
      position = after
    }
    if let afterBoth { return (afterBoth, true) }
    return position > index ? (position, false) : nil
  }
}
