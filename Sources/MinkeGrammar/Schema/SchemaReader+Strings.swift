extension SchemaReader {
  /// What an automaton was made from.
  enum StringKey: Hashable {
    /// The contents of strings in which the pattern is found.
    case pattern(JSONText)
    case format(JSONText)
    case any
  }

  /// The contents of strings that a pattern is found in.
  mutating func automaton(ofPattern pattern: Cited<JSONText>) throws(GrammarError) -> Automaton {
    let place = pattern.schema.appending(pattern.keyword).description
    do throws(GrammarError) {
      return try automaton(.pattern(pattern.value)) { () throws(GrammarError) in
        try RegexParser.parse("\(pattern.value)", place: place).anchored(searches: true)
      }
    } catch {
      throw GrammarError(
        at: place, found: "\(error.found) in \(pattern.value)", expected: error.expected)
    }
  }

  private mutating func automaton(ofFormat format: Cited<JSONText>) throws(GrammarError) -> Automaton {
    try automaton(.format(format.value)) { () throws(GrammarError) in
      try RegexParser.parse(StringFormats.patterns["\(format.value)"] ?? "", place: "format")
        .anchored(searches: false)
    }
  }

  /// The automaton of every content.
  mutating func anyContent() throws(GrammarError) -> Automaton {
    try automaton(.any) { () throws(GrammarError) in .any(.scalars(.all)) }
  }

  private mutating func automaton(
    _ key: StringKey, _ expression: () throws(GrammarError) -> Expression
  ) throws(GrammarError) -> Automaton {
    if let known = automata[key] { return known }
    let automaton = try Automaton(try expression().escapedForJSON, budget: &budget)
    automata[key] = automaton
    return automaton
  }

  /// What may stand between the quotation marks of a string that a shape allows; nil if anything may.
  mutating func content(of shape: Shape) throws(GrammarError) -> Expression? {
    if let values = shape.values {
      let texts = try admitted(values, shape).compactMap(\.string)
      return .choice(texts.map { .bytes(JSONEscapes.content($0)) })
    }
    let constraint = shape.string
    guard constraint != StringConstraint() else { return nil }
    guard let automaton = try patterns(of: constraint) else {
      guard constraint.minimum <= constraint.maximum ?? constraint.minimum else { return .nothing }
      return Expression.repetition(
        .scalars(.all), minimum: constraint.minimum, maximum: constraint.maximum
      ).escapedForJSON
    }
    return .automaton(try limited(automaton, constraint))
  }

  /// What all patterns and formats allow; nil if there are none.
  private mutating func patterns(of constraint: StringConstraint) throws(GrammarError) -> Automaton? {
    var result: Automaton?
    for pattern in constraint.patterns {
      let next = try automaton(ofPattern: pattern)
      result = try result?.intersection(next, &budget) ?? next
    }
    for format in constraint.formats {
      let next = try automaton(ofFormat: format)
      result = try result?.intersection(next, &budget) ?? next
    }
    return result
  }

  private mutating func limited(
    _ automaton: Automaton, _ constraint: StringConstraint
  ) throws(GrammarError) -> Automaton {
    guard constraint.minimum > 0 || constraint.maximum != nil else { return automaton }
    guard constraint.minimum <= constraint.maximum ?? constraint.minimum else {
      return try Automaton(.nothing, budget: &budget)
    }
    if let cited = (constraint.patterns + constraint.formats).first, constraint.isLong {
      throw cited.schema.unsupported(
        cited.keyword, "\(cited.keyword) together with a length above \(StringConstraint.longest)")
    }
    let lengths = Expression.repetition(
      .scalars(.all), minimum: constraint.minimum, maximum: constraint.maximum)
    return try automaton.intersection(
      try Automaton(lengths.escapedForJSON, budget: &budget), &budget)
  }
}
