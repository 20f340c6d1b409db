/// What clients have done so far.
public struct SoakCounts: Sendable, Equatable {
  /// Answers that ran to their end, and equalled what was computed alone.
  public var finished = 0
  /// Answers that were broken off, and were a beginning of it.
  public var cancelled = 0
  /// Requests that were refused as they must be.
  public var refused = 0
  /// Requests that found the queue full, and came again.
  public var queueFull = 0
  /// Votes, whole and broken off.
  public var votes = 0
  /// Tokens of answers, those of reasoning included.
  public var answerTokens = 0
  /// Cases that were compared in full at least once.
  public var casesSeen = 0
  /// The longest that one act of a client took, in seconds.
  public var longestWait = 0.0
  /// The cache's books were checked so often.
  public var checks = 0
}

/// Something that did not hold.
public struct SoakFailure: Sendable, Equatable {
  /// Seconds since the soak began.
  public var seconds: Double
  /// What was being done.
  public var place: String
  /// The first difference.
  public var difference: String
}
