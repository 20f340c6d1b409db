internal import Minke
internal import MinkeCheckpoints

/// What was measured of the engine, as lines of text.
enum EngineBenchTable {
  static func text(_ report: EngineBenchmark.Report, _ plan: EngineBenchmark.Plan, model: String) -> String {
    var text = printable(model) + "\n"
    if let found = report.conversations { text += conversations(found, plan) }
    if let found = report.prompts { text += prompts(found, plan) }
    if let found = report.turns { text += turns(found) }
    if let found = report.masks { text += masks(found, plan) }
    return text
  }

  private static func conversations(
    _ found: EngineBenchmark.Conversations, _ plan: EngineBenchmark.Plan
  ) -> String {
    line("\(plan.conversations) conversations, engine", found.engineRate, "tokens/s")
      + line("\(plan.conversations) sequences, passes alone", found.passRate, "tokens/s")
      + "  of passes alone: \(decimalText(found.engineRate.median / found.passRate.median * 100, 1)) %\n"
  }

  private static func prompts(_ found: EngineBenchmark.Prompts, _ plan: EngineBenchmark.Plan) -> String {
    let times = [found.held.median, found.held.maximum].map { number($0 / found.idle.median) }
    return line("first token of \(plan.shortPrompt), idle", found.idle, "ms", factor: 1000)
      + line("first token of \(plan.shortPrompt), beside \(plan.longPrompt)", found.held, "ms", factor: 1000)
      + "  of idle: \(times[0]) × (at most \(times[1]) ×)\n"
      + line("prompt of \(plan.longPrompt) alone", found.longRate, "tokens/s")
      + line("prompt of \(plan.longPrompt) beside short ones", found.longRateWhileHeld, "tokens/s")
  }

  private static func turns(_ found: EngineBenchmark.Turns) -> String {
    let lines = [found.second, found.last].map { turn in
      line(
        "turn \(turn.number), \(turn.computedTokens) of \(turn.promptTokens) tokens computed: first token",
        turn.seconds, "ms", factor: 1000)
    }
    let times = number(found.last.seconds.median / found.second.seconds.median)
    return lines.joined() + "  of turn \(found.second.number): \(times) ×\n"
  }

  private static func masks(_ found: EngineBenchmark.Masks, _ plan: EngineBenchmark.Plan) -> String {
    line("JSON of a schema, \(found.tokens) tokens, new grammar", found.firstRate, "tokens/s")
      + line("the same again", found.cachedRate, "tokens/s")
      + line("the same tokens, no grammar", found.freeRate, "tokens/s")
      + line("masks of decoding, new grammar", found.firstShare, "%", factor: 100)
      + line("masks of decoding, again", found.cachedShare, "%", factor: 100)
      + line("masks of decoding, \(plan.conversations) at once", found.crowdShare, "%", factor: 100)
  }

  private static func line(
    _ name: String, _ value: Measurements, _ unit: String, factor: Double = 1
  ) -> String {
    let numbers = [value.median, value.minimum, value.maximum].map { number($0 * factor) }
    return "  \(name): \(numbers[0]) \(unit) (\(numbers[1]) to \(numbers[2]))\n"
  }

  private static func number(_ value: Double) -> String {
    decimalText(value, value < 10 ? 2 : value < 100 ? 1 : 0)
  }
}
