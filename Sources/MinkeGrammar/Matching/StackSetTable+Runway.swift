extension StackSetTable {
  /// How many plain bytes, whichever they are, may certainly follow a set without a parse reaching its bottom: as
  /// long as all of them lead to the same set. At most ``TokenTrie/notPlain`` − 1.
  ///
  /// Inside a string that is endless, and all tokens of plain bytes fit without being walked over.
  mutating func runway(_ set: UInt32, calls: inout Int) throws(GrammarError) -> UInt8 {
    if let known = runways[Int(set)] { return known }
    let longest = TokenTrie.notPlain - 1
    var way = [set]
    var length: UInt8 = 0
    while let last = way.last, way.count < Int(longest) {
      guard let next = try onlyTarget(last, calls: &calls) else { break }
      if let known = runways[Int(next)] {
        length = min(known, longest - 1) + 1
        break
      }
      if way.contains(next) {
        length = longest
        break
      }
      way.append(next)
    }
    for passed in way.reversed() {
      runways[Int(passed)] = length
      length = min(length, longest - 1) + 1
    }
    return runways[Int(set)] ?? 0
  }

  /// The set to which every plain byte leads, if there is one.
  private mutating func onlyTarget(_ set: UInt32, calls: inout Int) throws(GrammarError) -> UInt32? {
    var result: UInt32?
    for byte in TokenTrie.plainBytes {
      let target = try self.target(set, tables.classOf[Int(byte)], byte, calls: &calls)
      guard target != Self.dead, !reachesBottom[Int(target)], target == result ?? target else { return nil }
      result = target
    }
    return result
  }
}
