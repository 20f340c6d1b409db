public import MinkeChat

/// What a model does while it answers, in order: prefill, then reasoning and answer text, tool calls, and at the end
/// exactly one `finished`.
public enum GenerationEvent: Sendable {
  /// Tokens of the prompt computed so far. `done` begins at the number that an earlier turn left in the cache.
  case prefill(done: Int, total: Int)
  /// A piece of the reasoning; whole characters, without its tags.
  case reasoning(String)
  /// A piece of the answer; whole characters.
  case answer(String)
  case toolCall(ToolCall)
  case finished(GenerationResult)
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
  /// Tokens of the prompt, cached ones included.
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
}
