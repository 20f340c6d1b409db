internal import Minke
internal import MinkeModels

/// One finished answer with all that is known of it.
struct FinishedAnswer: Sendable {
  var answer = ""
  var reasoning = ""
  var result: GenerationResult

  /// Why this cannot count as an answer: the model wrote none, and nobody stopped it.
  var failure: CommandError? {
    guard result.isEmpty, result.finishReason != .cancelled else { return nil }
    let limit =
      result.finishReason == .length
      ? ": raise --max-tokens or --context-size" : ": ask again, or another way"
    return CommandError(
      "the model wrote no answer (\(result.usage.reasoningTokens) tokens of reasoning, finished by "
        + "\(result.finishReason.rawValue))" + limit)
  }
}

/// What `minke run --json` prints.
struct RunReport: Encodable {
  struct Usage: Encodable {
    var promptTokens: Int
    var cachedTokens: Int
    var reasoningTokens: Int
    var answerTokens: Int
    var completionTokens: Int

    private enum CodingKeys: String, CodingKey {
      case promptTokens = "prompt_tokens"
      case cachedTokens = "cached_tokens"
      case reasoningTokens = "reasoning_tokens"
      case answerTokens = "answer_tokens"
      case completionTokens = "completion_tokens"
    }
  }

  /// Seconds.
  struct Timings: Encodable {
    var load: Double
    var prefill: Double
    var decode: Double
    var timeToFirstToken: Double

    private enum CodingKeys: String, CodingKey {
      case load, prefill, decode
      case timeToFirstToken = "time_to_first_token"
    }
  }

  var model: String
  var answer: String
  var reasoning: String
  var finishReason: GenerationResult.FinishReason
  var usage: Usage
  var timings: Timings
  /// Where experts are read from the file.
  var experts: ExpertFigures?

  private enum CodingKeys: String, CodingKey {
    case model, answer, reasoning, usage, timings, experts
    case finishReason = "finish_reason"
  }

  init(
    _ finished: FinishedAnswer, model: String, loadTime: Double, experts: ExpertStatistics? = nil,
    diskBytes: Int? = nil
  ) {
    let (usage, timings) = (finished.result.usage, finished.result.timings)
    self.model = model
    answer = finished.answer
    reasoning = finished.reasoning
    finishReason = finished.result.finishReason
    self.usage = Usage(
      promptTokens: usage.promptTokens, cachedTokens: usage.cachedTokens,
      reasoningTokens: usage.reasoningTokens, answerTokens: usage.answerTokens,
      completionTokens: usage.completionTokens)
    self.timings = Timings(
      load: loadTime, prefill: timings.prefill, decode: timings.decode,
      timeToFirstToken: timings.timeToFirstToken)
    self.experts = experts.map { ExpertFigures($0, diskBytes: diskBytes) }
  }
}

/// What `--stats` prints on standard error.
enum RunStatistics {
  static func text(
    _ result: GenerationResult, loadTime: Double, peakMemory: String?,
    guesses: GuessStatistics, experts: ExpertStatistics? = nil, diskBytes: Int? = nil
  ) -> String {
    let (usage, timings) = (result.usage, result.timings)
    let computed = usage.promptTokens - usage.cachedTokens
    var parts = [
      "load \(decimalText(loadTime, 2)) s",
      "prefill \(computed) tokens at \(rate(computed, timings.prefill))",
      "decode \(usage.completionTokens) tokens (\(usage.reasoningTokens) reasoning) at "
        + rate(timings.decodedTokens, timings.decode),
      "first token after \(decimalText(timings.timeToFirstToken, 3)) s",
    ]
    if guesses.drafted > 0 { parts.append(text(guesses)) }
    if let peakMemory { parts.append("peak memory \(peakMemory)") }
    let line = parts.joined(separator: ", ") + "\n"
    guard let experts else { return line }
    return line + StreamingText.text(experts, diskBytes: diskBytes) + "\n"
  }

  private static func text(_ guesses: GuessStatistics) -> String {
    let text = "\(guesses.accepted) of \(guesses.drafted) guesses right"
    guard guesses.draftedByModel > 0 else { return text }
    return text + " (\(guesses.acceptedByModel) of \(guesses.draftedByModel) by the draft model)"
  }

  private static func rate(_ tokens: Int, _ seconds: Double) -> String {
    tokens > 0 && seconds > 0 ? decimalText(Double(tokens) / seconds, 1) + " tokens/s" : "- tokens/s"
  }
}
