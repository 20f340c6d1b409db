internal import MinkeChat
internal import MinkeGrammar
internal import MinkeSampling
package import MinkeTokenizers

/// Makes the cases of a soak: the same ones for a seed, a tokenizer and a context.
package struct SoakCases {
  private let tokenizer: Tokenizer
  private let contextLength: Int
  private var chance: SoakChance
  /// The same grammars for all, so that they share their masks.
  private let grammars: [Grammar]

  /// In what proportion there are cases of each kind.
  package static let mixture: [SoakCase.Kind] = [
    .greedy, .sampled, .conversation, .grammar, .repetition, .thinking, .stops, .vote, .long, .sampled,
    .grammar, .greedy, .sampled, .thinking, .stops, .sliding, .greedy, .conversation, .repetition, .grammar,
    .sampled, .vote, .thinking, .long,
  ]

  package static func make(_ plan: SoakPlan, _ tokenizer: Tokenizer, contextLength: Int) throws -> [SoakCase]
  {
    var maker = SoakCases(
      tokenizer: tokenizer, contextLength: contextLength, chance: SoakChance(seed: plan.seed, stream: -1),
      grammars: try SoakTexts.grammars.map(Grammar.init))
    return try (0..<plan.cases).map { try maker.make($0) }
  }

  private mutating func make(_ number: Int) throws -> SoakCase {
    let kind = Self.mixture[number % Self.mixture.count]
    var one = SoakCase(kind, number: number)
    switch kind {
    case .greedy: one.turns = [turn(SoakTexts.short(&chance), isGreedy: true)]
    case .sampled: one.turns = [turn(SoakTexts.short(&chance))]
    case .long: one.turns = [try longTurn()]
    case .conversation:
      let isGreedy = chance.happens(oneIn: 2)
      one.turns = (0..<chance.number(in: 2...4)).map { _ in
        turn(SoakTexts.short(&chance), isGreedy: isGreedy)
      }
    case .repetition:
      one.turns = [
        turn("Repeat this text exactly:\n" + SoakTexts.list(&chance), isGreedy: chance.happens(oneIn: 2))
      ]
      one.turns[0].parameters.maximumTokens = share(80)
    case .grammar:
      one.turns = [turn(SoakTexts.short(&chance) + " Answer in JSON.", isGreedy: chance.happens(oneIn: 2))]
      one.turns[0].parameters.grammar = chance.pick(grammars)
    case .stops:
      one.turns = [turn(SoakTexts.short(&chance), isGreedy: chance.happens(oneIn: 2))]
      one.turns[0].parameters.stop = [chance.pick(SoakTexts.stops), "\n\nQuestion:"]
    case .thinking: one.turns = [thinkingTurn(), thinkingTurn()]
    case .vote:
      one.samples = chance.number(in: 3...7)
      one.turns = [
        turn("What is \(chance.index(below: 9)) + \(chance.index(below: 9))? Give the number in \\boxed{}.")
      ]
    case .sliding: one.turns = try slidingTurns()
    }
    return one
  }

  // MARK: Turns

  private mutating func turn(_ question: String, isGreedy: Bool = false) -> SoakCase.Turn {
    var sampling = SamplingParameters()
    sampling.seed = UInt64(chance.index(below: 1 << 30))
    if isGreedy {
      sampling.temperature = 0
    } else {
      sampling.temperature = 0.3 + Float(chance.index(below: 8)) / 8
      sampling.topP = chance.happens(oneIn: 2) ? 0.9 : 1
      sampling.topK = chance.happens(oneIn: 3) ? 40 : 0
    }
    sampling.repetitionPenalty = chance.happens(oneIn: 4) ? 1.15 : 1
    var parameters = GenerationParameters()
    parameters.sampling = sampling
    parameters.maximumTokens = share(chance.number(in: 6...72))
    parameters.speculates = !chance.happens(oneIn: 6)
    return SoakCase.Turn(question: question, parameters: parameters)
  }

  private mutating func longTurn() throws -> SoakCase.Turn {
    let count = chance.number(in: contextLength / 8...contextLength * 3 / 4)
    let text = try SoakTexts.long(tokens: count, tokenizer, &chance)
    var turn = turn(text + "\nWhat is this about?", isGreedy: chance.happens(oneIn: 2))
    turn.parameters.maximumTokens = share(chance.number(in: 4...24))
    return turn
  }

  private mutating func thinkingTurn() -> SoakCase.Turn {
    var turn = turn(SoakTexts.short(&chance), isGreedy: chance.happens(oneIn: 2))
    turn.parameters.maximumTokens = share(chance.number(in: 40...90))
    switch chance.index(below: 3) {
    case 0: turn.parameters.thinkBudget = chance.index(below: 3) * 12
    case 1: turn.parameters.effort = chance.pick([.minimal, .low, .medium])
    default: break
    }
    return turn
  }

  /// A conversation of which the beginning has to go.
  private mutating func slidingTurns() throws -> [SoakCase.Turn] {
    try (0..<5).map { _ in
      let text = try SoakTexts.long(
        tokens: contextLength / 4 + chance.index(below: contextLength / 8), tokenizer, &chance)
      var turn = turn(text, isGreedy: chance.happens(oneIn: 2))
      turn.parameters.maximumTokens = share(chance.number(in: 4...24))
      turn.parameters.overflow = .dropOldestTurns
      return turn
    }
  }

  /// Tokens of an answer: no more than a small context has room for.
  private func share(_ count: Int) -> Int { max(min(count, contextLength / 6), 2) }
}
