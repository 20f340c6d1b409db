internal import MinkeGrammar
internal import MinkeTokenizers

/// What questions are made of.
enum SoakTexts {
  static let subjects = [
    "whales", "the capital of France", "prime numbers", "bread", "the moon", "rain", "bees", "the year 1789",
    "the colours of the rainbow", "trees", "tea", "clouds", "ice", "chess openings", "the alphabet", "glass",
    "the sea at night 🌊", "Größe und Maß", "茶の歴史", "volcanoes",
  ]

  static let requests = [
    "Tell me about", "Write two sentences about", "List three facts about", "Explain to a child",
    "Write a short poem about", "What do most people not know about",
  ]

  /// Ends of answers that come up in most texts.
  static let stops = [". ", ",", " the", "\n\n", "e"]

  /// What an answer may be made to be.
  static let grammars: [GrammarSource] = [
    .jsonSchema(TypicalSchema.text),
    .jsonSchema(
      #"{"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 999}, "maxItems": 12}"#),
    .jsonObject,
    .regex(#"(yes|no|perhaps), because [a-z ]{5,60}\."#),
    .choice(["It is true.", "It is false.", "Nobody knows."]),
    .gbnf(
      """
      root ::= line line? line?
      line ::= "- " word (" " word){1,5} "\\n"
      word ::= [A-Za-z]{1,12}
      """),
  ]

  static func short(_ chance: inout SoakChance) -> String {
    "\(chance.pick(requests)) \(chance.pick(subjects))."
  }

  /// About so many tokens of sentences.
  static func long(tokens count: Int, _ tokenizer: Tokenizer, _ chance: inout SoakChance)
    throws(TokenizerError)
    -> String
  {
    var text = ""
    var length = 0
    while length < count {
      let sentence =
        "Note \(chance.index(below: 1000)): \(chance.pick(subjects)) and \(chance.pick(subjects)) have "
        + "\(chance.index(below: 90)) things in common, as was said of \(chance.pick(subjects)). "
      length += try tokenizer.encode(sentence, special: .asText).count
      text += sentence
    }
    return text
  }

  /// A list whose repetition can be guessed from the question.
  static func list(_ chance: inout SoakChance) -> String {
    let first = chance.index(below: 500)
    let name = chance.pick(["value", "item", "row"])
    return (first..<first + chance.number(in: 8...16)).map { "let \(name)\($0) = table[\($0)]" }.joined(
      separator: "\n")
  }
}
