/// One split of a pre-tokeniser: a pattern whose matches, and what lies between them, become pieces.
///
/// Each case states the regular expression that published tokenizer files write for it; the scanners here find the same
/// matches in linear time. Every function takes valid UTF-8 and returns the end of the match that begins at `index`, or
/// nil.
package enum SplitStage: Sendable {
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  case gpt2Words
  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  /// in whose words, where `marks`, every `\p{L}+` is `[\p{L}\p{M}]+` and punctuation is `[^\s\p{L}\p{M}\p{N}]+`.
  case casedWords(digits: Int, marks: Bool)
  /// `[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
  case deepSeekV3Words
  /// `lead?upper*lower+ending?|lead?upper+lower*ending?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  /// in which lead is `[^\r\n\p{L}\p{N}]`, upper is `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, lower is `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
  /// and ending is `(?i:'s|'t|'re|'ve|'m|'ll|'d)`.
  case gpt4oWords
  /// Each digit by itself: the `Digits` splitter.
  case singleDigits
  /// `\p{N}{1,digits}`
  case numberGroups(digits: Int)
  /// `[\r\n]`
  case newlines
  /// `\s?[set]+`
  case spacedRun(ScalarSet)
  /// `[set]+`
  case run(ScalarSet)
  /// `\s+$`
  case trailingWhitespace
}

/// A set of scalars that a split names.
package enum ScalarSet: Sendable {
  /// `\p{L}`
  case letters
  /// `\p{P}`
  case punctuation
  /// The cased letters of DeepSeek LLM.
  case deepSeekLetters
  /// `[!-/:-~！-／：-～‘-‟　-。]`: ASCII from `:` on, so ASCII letters too.
  case deepSeekPunctuation
  /// `[一-龥ࠀ-一가-퟿]`
  case deepSeekCJK
  /// `[一-龥぀-ゟ゠-ヿ]`
  case hanAndKana

  @inline(__always)
  func contains(_ scalar: UInt32, _ scalarClass: ScalarClass) -> Bool {
    switch self {
    case .letters: scalarClass.isLetter
    case .punctuation: scalarClass.category == ScalarClass.punctuation
    case .deepSeekLetters: scalarClass.isDeepSeekLetter
    case .deepSeekPunctuation:
      switch scalar {
      case 0x21...0x2F, 0x3A...0x7E, 0xFF01...0xFF0F, 0xFF1A...0xFF5E, 0x2018...0x201F,
        0x3000...0x3002:
        true
      default: false
      }
    case .deepSeekCJK: (0x800...0x9FA5).contains(scalar) || (0xAC00...0xD7FF).contains(scalar)
    case .hanAndKana: (0x4E00...0x9FA5).contains(scalar) || (0x3040...0x30FF).contains(scalar)
    }
  }
}

extension SplitStage {
  @inline(__always)
  func match(_ text: Span<UInt8>, _ scan: PieceScanner, at index: Int) -> Int? {
    switch self {
    case .gpt2Words: scan.gpt2Word(text, at: index)
    case .casedWords(let digits, let marks): scan.casedWord(text, at: index, digits: digits, marks: marks)
    case .deepSeekV3Words: scan.deepSeekV3Word(text, at: index)
    case .gpt4oWords: scan.gpt4oWord(text, at: index)
    case .singleDigits: scan.isDigit(text, at: index) ? scan.after(text, index) : nil
    case .numberGroups(let digits): scan.numbers(text, at: index, atMost: digits)
    case .newlines: scan.isNewline(text, at: index) ? index + 1 : nil
    case .spacedRun(let set): scan.run(text, of: set, at: index, spaced: true)
    case .run(let set): scan.run(text, of: set, at: index, spaced: false)
    case .trailingWhitespace: scan.trailingWhitespace(at: index)
    }
  }
}
