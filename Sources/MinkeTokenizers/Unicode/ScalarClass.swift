/// What a Unicode scalar is to a pre-tokeniser: one general category out of seven, and four marks.
///
/// Categories are those that the `tokenizers` package's regular expressions see (`\p{L}`, `\p{M}`, `\p{N}`,
/// `\p{P}`, `\p{S}`, `\s`); they are disjoint.
struct ScalarClass: Equatable {
  let flags: UInt8

  static let other: UInt8 = 0
  static let letter: UInt8 = 1
  static let mark: UInt8 = 2
  static let number: UInt8 = 3
  static let punctuation: UInt8 = 4
  static let symbol: UInt8 = 5
  static let whitespace: UInt8 = 6
  /// Numeric to the `Digits` splitter, which knows a later Unicode, and `other` to regular expressions.
  static let newNumber: UInt8 = 7

  /// One of the constants above.
  @inline(__always) var category: UInt8 { flags & 7 }
  @inline(__always) var isLetter: Bool { category == Self.letter }
  @inline(__always) var isNumber: Bool { category == Self.number }
  @inline(__always) var isWhitespace: Bool { category == Self.whitespace }
  @inline(__always) var isLetterOrMark: Bool { category == Self.letter || category == Self.mark }
  @inline(__always) var isPunctuationOrSymbol: Bool {
    category == Self.punctuation || category == Self.symbol
  }
  @inline(__always) var isDigit: Bool { category == Self.number || category == Self.newNumber }
  /// One of the cased letters that DeepSeek LLM's pre-tokeniser lists.
  @inline(__always) var isDeepSeekLetter: Bool { flags & 8 != 0 }
  /// Whether canonical composition may change this scalar or its neighbours.
  @inline(__always) var mayRecompose: Bool { flags & 16 != 0 }
  /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`: a letter in upper or title case, or one without case, or a mark.
  @inline(__always) var isUpperSide: Bool { flags & 32 != 0 }
  /// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`: a letter in lower case, or one without case, or a mark.
  @inline(__always) var isLowerSide: Bool { flags & 64 != 0 }
}

/// Classes of all scalars: a flat table for planes 0 to 3, built once from the generated runs.
struct ScalarClassTable: Sendable {
  static let shared = ScalarClassTable()

  private static let flatCount = 0x3_2400
  private let flat: [UInt8]
  private let runs: [UInt32]

  private init() {
    runs = UnicodeTables.flags
    var flat = [UInt8](repeating: 0, count: Self.flatCount)
    for (index, run) in runs.enumerated() {
      let start = Int(run >> 8)
      let end = index + 1 < runs.count ? Int(runs[index + 1] >> 8) : Self.flatCount
      for scalar in min(start, Self.flatCount)..<min(end, Self.flatCount) {
        flat[scalar] = UInt8(truncatingIfNeeded: run)
      }
    }
    self.flat = flat
  }

  @inline(__always)
  subscript(scalar: UInt32) -> ScalarClass {
    let index = Int(scalar)
    return ScalarClass(flags: index < flat.count ? flat[index] : beyond(scalar))
  }

  /// Planes 4 to 16 hold a few tags and variation selectors: a binary search.
  private func beyond(_ scalar: UInt32) -> UInt8 {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle] >> 8 <= scalar { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? 0 : UInt8(truncatingIfNeeded: runs[low - 1])
  }
}
