/// What a model may write: compiled, immutable, for any number of sequences and vocabularies.
///
/// ```swift
/// let grammar = try Grammar(.sequence([.text("<tool_call>\n"), .jsonSchema(schema), .text("\n</tool_call>")]))
/// ```
public struct Grammar: Sendable {
  /// What it was made from.
  package let source: GrammarSource
  let tables: GrammarTables
  private let shared = SharedMasks()

  /// - Throws: if a source is not valid, says what cannot be expressed, or becomes too large.
  public init(_ source: GrammarSource) throws(GrammarError) {
    self.source = source
    var reader = SourceReader()
    let expression = try reader.expression(of: source, depth: 0)
    let root = try reader.rules.add("root", expression)
    tables = try GrammarCompiler.tables(of: reader.rules, root: root, &reader.budget)
  }

  /// Whether both were compiled at once: they share their masks.
  package func isIdentical(to other: Grammar) -> Bool { shared === other.shared }

  /// The masks over a vocabulary, the same for all that ask for them: what one sequence has worked out serves the others.
  package func masks(over vocabulary: TokenVocabulary) -> GrammarMasks { shared.masks(self, vocabulary) }

  /// Whether this is a whole text of the grammar.
  ///
  /// - Throws: if the grammar leaves too much open to follow.
  public func matches(_ text: some Sequence<UInt8>) throws(GrammarError) -> Bool {
    var set = try StackSet(tables.root, tables)
    for byte in text {
      var calls = GrammarLimits.callsPerByte
      set = try set.advanced(byte, tables, calls: &calls)
      if set.isDead { return false }
    }
    return set.reachesBottom
  }
}
