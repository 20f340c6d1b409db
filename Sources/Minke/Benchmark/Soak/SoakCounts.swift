/// What clients have done so far.
package struct SoakCounts: Sendable, Equatable {
  /// Answers that ran to their end, and equalled what was computed alone.
  package var finished = 0
  /// Answers that were broken off, and were a beginning of it.
  package var cancelled = 0
  /// Requests that were refused as they must be.
  package var refused = 0
  /// Requests that found the queue full, and came again.
  package var queueFull = 0
  /// Votes, whole and broken off.
  package var votes = 0
  /// Tokens of answers, those of reasoning included.
  package var answerTokens = 0
  /// Cases that were compared in full at least once.
  package var casesSeen = 0
  /// The longest that one act of a client took, in seconds.
  package var longestWait = 0.0
  /// The cache's books were checked so often.
  package var checks = 0
}

/// Something that did not hold.
package struct SoakFailure: Sendable, Equatable {
  /// Seconds since the soak began.
  package var seconds: Double
  /// What was being done.
  package var place: String
  /// The first difference.
  package var difference: String
}
