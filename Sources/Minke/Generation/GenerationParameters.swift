public import MinkeChat
public import MinkeGrammar
public import MinkeSampling

/// What the caller wants of an answer.
public struct GenerationParameters: Sendable {
  /// How tokens are chosen; nil: as the model's authors advise.
  public var sampling: SamplingParameters?
  /// Tokens of reasoning and answer together, at most; nil: as many as the context still holds.
  public var maximumTokens: Int?
  /// Texts that end the answer; they are not part of it.
  public var stop: [String] = []
  /// Tokens of reasoning, at most; nil: as many as leave room for an answer.
  public var thinkBudget: Int?
  /// How much the model is to think, as a share of what it may write; with ``thinkBudget`` the lesser counts.
  public var effort: ReasoningEffort?
  /// What is done with a conversation that does not fit the context.
  public var overflow = Overflow.refuse
  /// What the answer must be, such as JSON of a schema; reasoning before it is free. nil: anything.
  public var grammar: Grammar?
  /// Whether the model is to call tools, where it is offered any.
  public var toolChoice = ToolChoice.auto
  /// Whether every token that the model chooses is reported by itself (``GenerationEvent/token(_:)``), and with how many of the most probable ones:
  /// 0 to 1024; nil: tokens are not reported.
  public var topLogProbabilities: Int?
  /// Answers of higher priority are served first, and others make room for them where memory is short.
  public var priority = 0
  /// Whether tokens are guessed from what was said before and verified several at a time, where that is faster. It changes
  /// no token.
  public var speculates = true

  /// What is done with a conversation that does not fit the context.
  public enum Overflow: Sendable {
    /// It is an error, with the counts.
    case refuse
    /// The oldest turns are left out, which ``Usage`` reports. System messages stay.
    case dropOldestTurns
  }

  public init() {}
}
