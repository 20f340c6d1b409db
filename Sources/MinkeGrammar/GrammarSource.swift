/// What a grammar is made from; sources can be parts of one another.
public indirect enum GrammarSource: Sendable {
  /// This text.
  case text(String)
  /// One of these texts.
  case choice([String])
  /// A text that the regular expression matches as a whole: ECMA-262 without backreferences, lookaround,
  /// flags and word boundaries.
  case regex(String)
  /// A text of the rule `root` in llama.cpp's notation.
  case gbnf(String)
  /// A JSON text that is valid under the schema (JSON Schema draft 2020-12, as JSON text).
  case jsonSchema(String)
  /// Any JSON object.
  case jsonObject
  /// Any JSON value.
  case jsonValue
  /// One after the other.
  case sequence([GrammarSource])
  case alternatives([GrammarSource])
  /// `maximum` is nil where there is none.
  case repetition(GrammarSource, minimum: Int, maximum: Int?)
  /// Any text; wherever it contains the text of a trigger, the trigger's grammar follows at once, and then any
  /// text again.
  case freeText([Trigger])
  /// Any text up to and with the first of these texts.
  case freeTextThrough([String])

  public struct Trigger: Sendable {
    public let text: String
    public let grammar: GrammarSource

    public init(_ text: String, _ grammar: GrammarSource) {
      self.text = text
      self.grammar = grammar
    }
  }
}
