import MinkeSampling
import Testing

/// A stand-in for a language model: logits that depend on the last tokens alone.
private struct ToyModel {
  let vocabularySize: Int
  var order = 2
  var seed: UInt64 = 1
  /// Standard deviation of what is added to the logits, for a draft model that is nearly this one.
  var deviation: Float = 0

  func logits(after tokens: some BidirectionalCollection<Int32>) -> [Float] {
    var hash = seed
    for token in tokens.suffix(order) { hash = (hash &* 31 &+ UInt64(token)) &* 0x9E37_79B9_7F4A_7C15 }
    var random = SeededGenerator(hash)
    var logits = random.logits(vocabularySize, peak: 6)
    guard deviation > 0 else { return logits }
    for index in logits.indices {
      logits[index] +=
        deviation * (0..<3).reduce(0) { sum, _ in sum + Float.random(in: -1...1, using: &random) }
    }
    return logits
  }
}

/// One sequence, with or without guesses.
private struct Generation: ~Copyable {
  let model: ToyModel
  var sampler: Sampler
  var tokens: [Int32]
  var drafted = 0
  var accepted = 0

  init(_ model: ToyModel, _ parameters: SamplingParameters, prompt: [Int32]) throws {
    self.model = model
    tokens = prompt
    sampler = try Sampler(parameters, vocabularySize: model.vocabularySize, breakerTokens: [0])
    sampler.observePrompt(prompt)
  }

  /// One pass: the rows of the last token and of the guesses, sampled one after the other.
  mutating func verify(_ draft: [Int32]) throws {
    drafted += draft.count
    let context = tokens + draft
    for row in 0...draft.count {
      let token = try sample(&sampler, model.logits(after: context.prefix(tokens.count)))
      sampler.accept(token.token)
      tokens.append(token.token)
      guard row < draft.count, draft[row] == token.token else { return }
      accepted += 1
    }
  }
}

private let settings: [(String, SamplingParameters)] = [
  ("greedy", .test { $0.temperature = 0 }),
  (
    "greedy with penalties",
    .test {
      $0.temperature = 0
      $0.repetitionPenalty = 1.2
      $0.dry = DRYParameters()
    }
  ),
  ("plain", .test { _ in }),
  ("sharp", .test { $0.temperature = 0.4 }),
  (
    "everything",
    .test {
      $0.temperature = 0.8
      $0.topK = 40
      $0.topP = 0.95
      $0.minP = 0.01
      $0.typicalP = 0.95
      $0.repetitionPenalty = 1.1
      $0.repetitionWindow = 30
      $0.presencePenalty = 0.3
      $0.frequencyPenalty = 0.1
      $0.dry = DRYParameters()
      $0.logitBias = [3: 1, 5: -2]
    }
  ),
  ("nucleus", .test { $0.topP = 0.9 }),
]

@Suite struct `Guessing changes no text` {
  private let prompt: [Int32] = [1, 2, 3, 4, 5, 1, 2, 3]

  private func plain(_ model: ToyModel, _ parameters: SamplingParameters, _ count: Int) throws -> [Int32] {
    var generation = try Generation(model, parameters, prompt: prompt)
    for _ in 0..<count { try generation.verify([]) }
    return generation.tokens
  }

  @Test(arguments: settings.indices) func `with guesses from the text itself`(setting: Int) throws {
    let model = ToyModel(vocabularySize: 120, order: 1)
    let expected = try plain(model, settings[setting].1, 600)
    var generation = try Generation(model, settings[setting].1, prompt: prompt)
    var lookup = PromptLookup(lengths: 1...4)
    lookup.append(contentsOf: prompt)
    var draft: [Int32] = []
    while generation.tokens.count < expected.count {
      lookup.propose(atMost: 5, into: &draft)
      let before = generation.tokens.count
      try generation.verify(draft)
      lookup.append(contentsOf: generation.tokens[before...])
    }
    #expect(Array(generation.tokens.prefix(expected.count)) == expected)
    #expect(generation.accepted > 0)
    #expect(generation.accepted < generation.drafted || settings[setting].0 == "greedy")
  }

  /// A draft model guesses with a sampler of its own, which forgets what came to nothing.
  @Test(arguments: settings.indices) func `with guesses from a draft model`(setting: Int) throws {
    let model = ToyModel(vocabularySize: 120)
    var draftModel = model
    draftModel.deviation = 0.15
    let expected = try plain(model, settings[setting].1, 400)
    let parameters = settings[setting].1
    // Without truncation the draw goes through the vocabulary in order, which near models agree on less.
    let isTruncated = parameters.topP < 1 || parameters.temperature == 0
    for draftModel in [model, draftModel] {
      var generation = try Generation(model, settings[setting].1, prompt: prompt)
      var drafter = try Generation(draftModel, settings[setting].1, prompt: prompt)
      while generation.tokens.count < expected.count {
        let start = drafter.tokens.count
        drafter.sampler.drawCount = generation.sampler.drawCount
        for _ in 0..<4 { try drafter.verify([]) }
        let draft = Array(drafter.tokens[start...])
        try generation.verify(draft)
        let agreed = zip(drafter.tokens, generation.tokens).prefix { $0 == $1 }.count
        drafter.sampler.retract(drafter.tokens[agreed...])
        drafter.tokens.removeSubrange(agreed...)
        for token in generation.tokens[agreed...] { drafter.sampler.accept(token) }
        drafter.tokens += generation.tokens[agreed...]
      }
      #expect(Array(generation.tokens.prefix(expected.count)) == expected)
      let share = Double(generation.accepted) / Double(generation.drafted)
      // The same model under the same seed guesses every token; one that is near to it most of them.
      if draftModel.deviation == 0 { #expect(share == 1, "\(settings[setting].0)") }
      #expect(share > (isTruncated ? 0.6 : 0.4), "\(settings[setting].0)")
    }
  }

  @Test func `a sampler that takes tokens back is as it was`() throws {
    var random = SeededGenerator(3)
    for window in [nil, 1, 3, 7] {
      let parameters = SamplingParameters.test {
        $0.repetitionPenalty = 1.3
        $0.repetitionWindow = window
        $0.frequencyPenalty = 0.4
        $0.dry = DRYParameters()
      }
      var first = try Sampler(parameters, vocabularySize: 6)
      var second = try Sampler(parameters, vocabularySize: 6)
      for round in 0..<40 {
        let tokens = (0..<round % 5).map { _ in Int32.random(in: -1...6, using: &random) }
        for token in tokens { first.accept(token) }
        first.retract(tokens)
        let kept = Int32.random(in: 0..<6, using: &random)
        first.accept(kept)
        second.accept(kept)
        let logits = random.logits(6)
        let expected = try distribution(&second, logits)
        #expect(try distribution(&first, logits) == expected)
      }
    }
  }
}

@Suite struct `The distribution with guesses is the model's` {
  /// The first three tokens over many seeds, with guesses that are often right, against the product of the
  /// model's probabilities: Pearson's chi-square, with Wilson and Hilferty's 99.9th percentile.
  @Test(arguments: [false, true]) func `of the first three tokens`(truncates: Bool) throws {
    let model = ToyModel(vocabularySize: 5, order: 3)
    let prompt: [Int32] = [1, 2, 3]
    let draws = 30_000
    var counts: [[Int32]: Int] = [:]
    for seed in 0..<draws {
      let parameters = SamplingParameters.test {
        $0.seed = UInt64(seed)
        if truncates { ($0.topK, $0.topP) = (4, 0.97) }
      }
      var generation = try Generation(model, parameters, prompt: prompt)
      while generation.tokens.count < 6 {
        let greedy = model.logits(after: generation.tokens)
        let guess = Int32(greedy.indices.max { greedy[$0] < greedy[$1] } ?? 0)
        try generation.verify([guess, Int32(seed % 5)])
      }
      counts[Array(generation.tokens[3..<6]), default: 0] += 1
    }
    let parameters = SamplingParameters.test { if truncates { ($0.topK, $0.topP) = (4, 0.97) } }
    var chiSquare = 0.0
    var cells = 0
    var rest = (expected: 0.0, found: 0)
    func visit(_ path: [Int32], _ probability: Double) {
      if path.count < 3 {
        let logits = model.logits(after: prompt + path).map(Double.init)
        for (token, share) in Reference.distribution(logits, parameters) {
          visit(path + [Int32(token)], probability * share)
        }
        return
      }
      let expected = probability * Double(draws)
      let found = counts.removeValue(forKey: path) ?? 0
      if expected < 5 {
        rest = (rest.expected + expected, rest.found + found)
      } else {
        chiSquare += (Double(found) - expected) * (Double(found) - expected) / expected
        cells += 1
      }
    }
    visit([], 1)
    #expect(counts.isEmpty, "tokens that the model excludes")
    if rest.expected >= 5 {
      let difference = Double(rest.found) - rest.expected
      chiSquare += difference * difference / rest.expected
      cells += 1
    }
    let freedom = Double(cells - 1)
    let root = 1 - 2 / (9 * freedom) + 3.09 * (2 / (9 * freedom)).squareRoot()
    #expect(cells > 10)
    #expect(chiSquare < freedom * root * root * root)
  }
}
