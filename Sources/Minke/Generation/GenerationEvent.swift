public import MinkeChat

/// What a model does while it answers, in order: prefill, then reasoning and answer text, tool calls, and at the end
/// exactly one `finished`, unless the stream throws. Where a session runs tools, their results and the model's further turns come before it.
public enum GenerationEvent: Sendable {
  /// Tokens of the prompt computed so far. `done` begins at the number that an earlier turn left in the cache.
  case prefill(done: Int, total: Int)
  /// A piece of the reasoning; whole characters, without its tags.
  case reasoning(String)
  /// A piece of the answer; whole characters.
  case answer(String)
  case toolCall(ToolCall)
  /// What a tool of the session gave for a call, as the model reads it.
  case toolResult(ToolCall, String)
  /// A token that was chosen, before the text that it adds; only where ``GenerationParameters/topLogProbabilities`` asks.
  case token(GeneratedToken)
  case finished(GenerationResult)
}

/// A token that was chosen, and what else might have been.
public struct GeneratedToken: Sendable, Equatable {
  /// A token and the natural logarithm of its probability under the model's own distribution: before bias, penalties and
  /// temperature, but of what a grammar allows.
  public struct Candidate: Sendable, Equatable {
    public var id: Int
    /// What the token adds to the text; may be a part of a character.
    public var bytes: [UInt8]
    public var logProbability: Float
  }

  public var chosen: Candidate
  /// The most probable tokens, the most probable one first.
  public var top: [Candidate]
  /// Whether it belongs to the reasoning.
  public var isReasoning: Bool
  /// Seconds from the beginning of prefill.
  public var time: Double
}

/// How an answer ended and what it cost.
public struct GenerationResult: Sendable {
  public enum FinishReason: String, Sendable, Codable {
    /// The model ended its answer, or a stop string was met.
    case stop
    /// The limit of tokens or the end of the context was reached.
    case length
    /// The model asks for tools to be called.
    case toolCalls = "tool_calls"
    case cancelled
  }

  public var finishReason: FinishReason
  public var usage: Usage
  public var timings: Timings
  /// Whether the model wrote no answer and called no tool: not to be taken for a success.
  public var isEmpty: Bool

  package init(finishReason: FinishReason, usage: Usage, timings: Timings, isEmpty: Bool) {
    self.finishReason = finishReason
    self.usage = usage
    self.timings = timings
    self.isEmpty = isEmpty
  }
}

/// Tokens of one answer.
public struct Usage: Sendable, Equatable {
  /// Tokens of the prompt, cached ones included; where tools ran, of the prompts of all rounds together.
  public var promptTokens = 0
  /// Tokens of the prompt that an earlier turn had left in the cache.
  public var cachedTokens = 0
  public var reasoningTokens = 0
  public var answerTokens = 0
  /// Messages that were left out of the conversation so that it fits the context, oldest first …
  public var droppedMessages = 0
  /// … and by how many tokens the prompt became shorter.
  public var droppedTokens = 0

  package init() {}

  public var completionTokens: Int { reasoningTokens + answerTokens }

  static func += (total: inout Usage, one: Usage) {
    total.promptTokens += one.promptTokens
    total.cachedTokens += one.cachedTokens
    total.reasoningTokens += one.reasoningTokens
    total.answerTokens += one.answerTokens
    total.droppedMessages = max(total.droppedMessages, one.droppedMessages)
    total.droppedTokens = max(total.droppedTokens, one.droppedTokens)
  }
}

/// Seconds an answer took.
public struct Timings: Sendable, Equatable {
  /// From the beginning of prefill to the first sampled token.
  public var timeToFirstToken = 0.0
  /// Computing what the cache lacked of the prompt.
  public var prefill = 0.0
  /// From the first sampled token to the last.
  public var decode = 0.0
  /// Tokens sampled after the first, the one that ends the answer included; tokens that were put in are not.
  public var decodedTokens = 0

  package init() {}

  /// Counts what came before these in the same answer: until its first token, and the work of both.
  mutating func follow(_ before: Timings) {
    timeToFirstToken = before.timeToFirstToken
    prefill += before.prefill
    decode += before.decode
    decodedTokens += before.decodedTokens
  }
}
