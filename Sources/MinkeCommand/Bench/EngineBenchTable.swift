internal import Minke
internal import MinkeCheckpoints

/// What was measured of the engine, as lines of text.
enum EngineBenchTable {
  static func text(_ report: EngineBenchmark.Report, _ plan: EngineBenchmark.Plan, model: String) -> String {
    func line(_ name: String, _ value: Measurements, _ unit: String, factor: Double = 1) -> String {
      let numbers = [value.median, value.minimum, value.maximum].map { number($0 * factor) }
      return "  \(name): \(numbers[0]) \(unit) (\(numbers[1]) to \(numbers[2]))\n"
    }
    let held = "first token of \(plan.shortPrompt), beside \(plan.longPrompt)"
    let share = report.engineRate.median / report.passRate.median
    let times = [report.held.median, report.held.maximum].map { number($0 / report.idle.median) }
    var text = printable(model) + "\n"
    text += line("\(plan.conversations) conversations, engine", report.engineRate, "tokens/s")
    text += line("\(plan.conversations) sequences, passes alone", report.passRate, "tokens/s")
    text += "  of passes alone: \(decimalText(share * 100, 1)) %\n"
    text += line("first token of \(plan.shortPrompt), idle", report.idle, "ms", factor: 1000)
    text += line(held, report.held, "ms", factor: 1000)
    text += "  of idle: \(times[0]) × (at most \(times[1]) ×)\n"
    text += line("prompt of \(plan.longPrompt) alone", report.longRate, "tokens/s")
    text += line("prompt of \(plan.longPrompt) beside short ones", report.longRateWhileHeld, "tokens/s")
    return text
  }

  private static func number(_ value: Double) -> String { decimalText(value, value < 100 ? 1 : 0) }
}
