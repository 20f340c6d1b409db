internal import MinkeChat
internal import MinkeEngine
internal import MinkeGrammar
internal import MinkeModels
internal import MinkeSampling
internal import MinkeTensors
internal import MinkeTokenizers

extension EngineBenchmark {
  /// What it costs to keep an answer to a typical schema.
  public struct Masks: Sendable {
    /// Tokens of the answer; a median.
    public var tokens: Int
    /// Tokens a second of an answer whose grammar is new, of the same again, and of the same tokens without a grammar.
    public var firstRate: Measurements
    public var cachedRate: Measurements
    public var freeRate: Measurements
    /// The share of decoding that masks and following the grammar take, first and again.
    public var firstShare: Measurements
    public var cachedShare: Measurements
    /// The share when all conversations at once are kept to the schema, whose masks are known.
    public var crowdShare: Measurements
  }

  static func masks(_ model: LanguageModel, _ plan: Plan) async throws -> Masks {
    let prompt = try model.encode(
      model.prompt(Conversation([.user("Describe a person on a ship, as JSON.")])))
    var counts: [Double] = []
    var (first, cached, crowd): ([Double], [Double], [Double]) = ([], [], [])
    var (firstRates, cachedRates, freeRates): ([Double], [Double], [Double]) = ([], [], [])
    for repetition in 0...plan.repetitions {
      let grammar = try Grammar(.jsonSchema(TypicalSchema.text))
      let seed = UInt64(repetition)
      let new = try await MaskedSequence.run(model, prompt, seed: seed, grammar)
      let again = try await MaskedSequence.run(model, prompt, seed: seed, grammar)
      let free = try await MaskedSequence.run(model, prompt, seed: seed, script: new.tokens)
      counts.append(Double(new.tokens.count))
      first.append(new.maskSeconds / new.seconds)
      cached.append(again.maskSeconds / again.seconds)
      firstRates.append(new.rate)
      cachedRates.append(again.rate)
      freeRates.append(free.rate)
      crowd.append(try await crowdShare(model, prompt, seed: seed, grammar, plan.conversations))
    }
    return Masks(
      tokens: Int(try measured(counts).median), firstRate: try measured(firstRates),
      cachedRate: try measured(cachedRates), freeRate: try measured(freeRates),
      firstShare: try measured(first),
      cachedShare: try measured(cached), crowdShare: try measured(crowd))
  }

  /// All masks' time over the time in which any conversation decoded.
  private static func crowdShare(
    _ model: LanguageModel, _ prompt: [TokenID], seed: UInt64, _ grammar: Grammar, _ count: Int
  ) async throws -> Double {
    try await withThrowingTaskGroup(of: MaskedSequence.Times.self) { group in
      for index in 0..<count {
        group.addTask { try await MaskedSequence.run(model, prompt, seed: seed &+ UInt64(index), grammar) }
      }
      var all: [MaskedSequence.Times] = []
      for try await times in group { all.append(times) }
      guard let start = all.map(\.start).min(), let end = all.map(\.end).max() else { return 0 }
      return all.reduce(0) { $0 + $1.maskSeconds } / (end - start).seconds
    }
  }
}
