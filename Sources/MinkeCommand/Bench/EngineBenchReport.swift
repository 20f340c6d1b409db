internal import Minke

/// What `minke bench --engine --json` prints: medians, in tokens, seconds and shares. What was not measured is absent.
struct EngineBenchReport: Encodable {
  struct Row: Encodable {
    var model: String
    var conversations: Int
    var generate: Int
    var repetitions: Int
    var engineRate: Double?
    var passRate: Double?
    var idle: Double?
    var held: Double?
    var longRate: Double?
    var longRateWhileHeld: Double?
    var turns: [Turn]?
    var masks: Masks?

    private enum CodingKeys: String, CodingKey {
      case model, conversations, generate, repetitions, turns, masks
      case engineRate = "engine_tokens_per_second"
      case passRate = "passes_tokens_per_second"
      case idle = "first_token_idle"
      case held = "first_token_held"
      case longRate = "long_prompt_tokens_per_second"
      case longRateWhileHeld = "long_prompt_beside_tokens_per_second"
    }
  }

  struct Turn: Encodable {
    var turn: Int
    var prompt: Int
    var computed: Int
    var seconds: Double

    private enum CodingKeys: String, CodingKey {
      case turn, prompt, computed
      case seconds = "first_token"
    }
  }

  struct Masks: Encodable {
    var tokens: Int
    var firstRate: Double
    var cachedRate: Double
    var freeRate: Double
    var firstShare: Double
    var cachedShare: Double
    var crowdShare: Double

    private enum CodingKeys: String, CodingKey {
      case tokens
      case firstRate = "first_tokens_per_second"
      case cachedRate = "cached_tokens_per_second"
      case freeRate = "free_tokens_per_second"
      case firstShare = "first_share"
      case cachedShare = "cached_share"
      case crowdShare = "crowd_share"
    }
  }

  var results: [Row] = []

  mutating func add(_ report: EngineBenchmark.Report, _ plan: EngineBenchmark.Plan, model: String) {
    results.append(
      Row(
        model: model, conversations: plan.conversations, generate: plan.generate,
        repetitions: plan.repetitions, engineRate: report.conversations?.engineRate.median,
        passRate: report.conversations?.passRate.median, idle: report.prompts?.idle.median,
        held: report.prompts?.held.median, longRate: report.prompts?.longRate.median,
        longRateWhileHeld: report.prompts?.longRateWhileHeld.median,
        turns: report.turns.map { [$0.second, $0.last].map(Self.turn) }, masks: report.masks.map(Self.masks)))
  }

  private static func turn(_ turn: EngineBenchmark.Turn) -> Turn {
    Turn(
      turn: turn.number, prompt: turn.promptTokens, computed: turn.computedTokens,
      seconds: turn.seconds.median)
  }

  private static func masks(_ masks: EngineBenchmark.Masks) -> Masks {
    Masks(
      tokens: masks.tokens, firstRate: masks.firstRate.median, cachedRate: masks.cachedRate.median,
      freeRate: masks.freeRate.median, firstShare: masks.firstShare.median,
      cachedShare: masks.cachedShare.median, crowdShare: masks.crowdShare.median)
  }
}
