/// A regular expression as it was written: anchors are not resolved yet.
indirect enum RegexTree {
  case scalars(ScalarSet)
  case sequence([RegexTree])
  case choice([RegexTree])
  case repetition(RegexTree, minimum: Int, maximum: Int?)
  /// `^`, `\A`.
  case start
  /// `$`, `\z`.
  case end

  private var hasAnchor: Bool {
    switch self {
    case .scalars: false
    case .sequence(let parts), .choice(let parts): parts.contains(where: \.hasAnchor)
    case .repetition(let body, _, _): body.hasAnchor
    case .start, .end: true
    }
  }

  /// The language over whole texts.
  ///
  /// - Parameter searches: whether a text matches if a part of it does, as JSON Schema has it; otherwise
  ///   the whole text has to.
  func anchored(searches: Bool) throws(GrammarError) -> Expression {
    let around: RegexTree =
      searches ? .repetition(.scalars(.all), minimum: 0, maximum: nil) : .sequence([])
    return try leading(around).trailing(around).expression()
  }

  /// With `around` before every alternative that does not begin with `^`.
  private func leading(_ around: RegexTree) -> RegexTree {
    switch self {
    case .start: return .sequence([])
    case .choice(let alternatives): return .choice(alternatives.map { $0.leading(around) })
    case .sequence(let parts):
      guard let first = parts.first, first.hasAnchor, !first.isEnd else { return .sequence([around] + parts) }
      let rest = Array(parts.dropFirst())
      // Another anchor after the first says the same.
      if case .start = first { return RegexTree.sequence(rest).leading(.sequence([])) }
      return .sequence([first.leading(around)] + rest)
    default: return .sequence([around, self])
    }
  }

  private func trailing(_ around: RegexTree) -> RegexTree {
    switch self {
    case .end: return .sequence([])
    case .choice(let alternatives): return .choice(alternatives.map { $0.trailing(around) })
    case .sequence(let parts):
      guard let last = parts.last, last.hasAnchor else { return .sequence(parts + [around]) }
      if case .end = last { return RegexTree.sequence(parts.dropLast()).trailing(.sequence([])) }
      return .sequence(parts.dropLast() + [last.trailing(around)])
    default: return .sequence([self, around])
    }
  }

  private var isEnd: Bool { if case .end = self { true } else { false } }

  private func expression() throws(GrammarError) -> Expression {
    switch self {
    case .scalars(let set): return .scalars(set)
    case .sequence(let parts): return .sequence(try Self.expressions(parts))
    case .choice(let parts): return .choice(try Self.expressions(parts))
    case .repetition(let body, let minimum, let maximum):
      return .repetition(try body.expression(), minimum: minimum, maximum: maximum)
    case .start, .end:
      throw GrammarError(
        at: "regular expression", found: "an anchor in the middle",
        expected: "^ at the beginning and $ at the end of an alternative only")
    }
  }

  private static func expressions(_ trees: [RegexTree]) throws(GrammarError) -> [Expression] {
    var result: [Expression] = []
    for tree in trees { result.append(try tree.expression()) }
    return result
  }
}
