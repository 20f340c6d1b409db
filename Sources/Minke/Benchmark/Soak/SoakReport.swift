/// What happened since the line before, at most a minute ago, and what is held now.
package struct SoakMinute: Sendable {
  /// Since the soak began.
  package var seconds: Double
  /// Of this time only.
  package var finished: Int
  package var cancelled: Int
  package var refused: Int
  package var queueFull: Int
  /// Tokens that passes computed, of prompts and answers, in a second.
  package var tokensPerSecond: Double
  package var preemptions: Int
  package var evictions: Int
  /// The share of tokens of prompts that the cache had.
  package var hitRate: Double
  /// The share of guesses that were right.
  package var acceptedGuesses: Double
  package var figures: ProcessFigures
  package var failures: Int
}

/// What a soak found.
package struct SoakReport: Sendable {
  package var plan: SoakPlan
  package var seconds: Double
  package var counts: SoakCounts
  /// The first failures, and how many there were.
  package var failures: [SoakFailure]
  package var failureCount: Int
  /// How memory grew, in bytes, without the cache: ``ProcessFigures/anonymous``, or all where the system does not tell them
  /// apart; nil where it says nothing.
  package var memory: GrowthJudge?
  /// What the process held when the warm-up was over, and at the end.
  package var figures: (first: ProcessFigures, last: ProcessFigures)
  package var preemptions: Int
  package var evictions: Int
  /// Bytes of the cache before it was dropped, and by how much the process became smaller with it.
  package var dropped: (cache: Int, process: Int?)

  package var passed: Bool { failureCount == 0 }

  /// Bytes that memory may grow by over the time that is judged, whatever it is: an allocator's noise.
  package static let memorySlack = 8.0 * 1024 * 1024
}
