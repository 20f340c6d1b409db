/// The answer that a text arrives at, as it is compared in a vote: the consensus of DeepSeek-R1's table (cons@64,
/// arXiv:2501.12948) after self-consistency (Wang et al. 2022, arXiv:2203.11171).
///
/// Two answers are equal if their ``normalized`` texts are. That is a comparison of notation and of plain numbers, not
/// algebra: `x+1` and `1+x` differ.
public struct FinalAnswer: Sendable {
  /// Where the answer was found.
  public enum Source: Sendable, Equatable {
    /// In the last `\boxed{…}`, which mathematical prompts ask for.
    case boxed
    /// After words such as "the final answer is".
    case statement
    /// The last number of the text.
    case number
    /// The last line of a text without numbers.
    case line
  }

  /// As it was written, without white space around it.
  public let text: String
  /// The form that is compared: see ``normalize(_:)``.
  public let normalized: String
  public let source: Source

  /// Finds the answer of a text, which should not hold the reasoning. Takes time linear in its length.
  ///
  /// - Returns: `nil` where nothing is left to compare.
  public static func extract(from text: String) -> FinalAnswer? {
    let bytes = Array(text.utf8)
    let found: [(Source, () -> String?)] = [
      (.boxed, { BoxedText.last(in: bytes) }), (.statement, { StatedAnswer.last(in: bytes) }),
      (.number, { StatedAnswer.lastNumber(in: bytes) }), (.line, { StatedAnswer.lastLine(in: bytes) }),
    ]
    for (source, find) in found {
      guard let text = find() else { continue }
      let normalized = normalize(text)
      if !normalized.isEmpty { return FinalAnswer(text: text, normalized: normalized, source: source) }
    }
    return nil
  }
}

extension FinalAnswer: Hashable {
  public static func == (left: FinalAnswer, right: FinalAnswer) -> Bool {
    left.normalized == right.normalized
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(normalized) }
}
