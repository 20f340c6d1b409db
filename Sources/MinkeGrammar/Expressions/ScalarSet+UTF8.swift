extension ScalarSet {
  /// Sequences of byte ranges that together match exactly the UTF-8 of the set's scalars, each scalar by
  /// one sequence (as in Cox, "Regular Expression Matching in the Wild", 2010).
  var utf8Sequences: [[ClosedRange<UInt8>]] {
    var result: [[ClosedRange<UInt8>]] = []
    var pending = Array(ranges.reversed())
    while let range = pending.popLast() {
      if let cut = Self.cut(range) {
        pending.append(cut + 1...range.upperBound)
        pending.append(range.lowerBound...cut)
      } else {
        let low = Self.utf8(range.lowerBound)
        let high = Self.utf8(range.upperBound)
        result.append(zip(low, high).map { $0...$1 })
      }
    }
    return result
  }

  /// The last scalar of the first part, if the range has to be divided so that each part is all
  /// combinations of one range a byte.
  private static func cut(_ range: ClosedRange<UInt32>) -> UInt32? {
    let (low, high) = (range.lowerBound, range.upperBound)
    for limit: UInt32 in [0x7F, 0x7FF, 0xFFFF] where low <= limit && high > limit { return limit }
    guard high > 0x7F else { return nil }
    for bits: UInt32 in [6, 12, 18] {
      let mask = (1 << bits) - 1 as UInt32
      guard low & ~mask != high & ~mask else { continue }
      if low & mask != 0 { return low | mask }
      if high & mask != mask { return (high & ~mask) - 1 }
    }
    return nil
  }

  private static func utf8(_ value: UInt32) -> [UInt8] {
    Unicode.Scalar(value).map { Array(String($0).utf8) } ?? []
  }
}
