/// What happened since the line before, at most a minute ago, and what is held now.
public struct SoakMinute: Sendable {
  /// Since the soak began.
  public var seconds: Double
  /// Of this time only.
  public var finished: Int
  public var cancelled: Int
  public var refused: Int
  public var queueFull: Int
  /// Tokens that passes computed, of prompts and answers, in a second.
  public var tokensPerSecond: Double
  public var preemptions: Int
  public var evictions: Int
  /// The share of tokens of prompts that the cache had.
  public var hitRate: Double
  /// The share of guesses that were right.
  public var acceptedGuesses: Double
  public var figures: ProcessFigures
  public var failures: Int
}

/// What a soak found.
public struct SoakReport: Sendable {
  public var plan: SoakPlan
  public var seconds: Double
  public var counts: SoakCounts
  /// The first failures, and how many there were.
  public var failures: [SoakFailure]
  public var failureCount: Int
  /// How memory grew, in bytes, without the cache: ``ProcessFigures/anonymous``, or all where the system does not tell them
  /// apart; nil where it says nothing.
  public var memory: GrowthJudge?
  /// What the process held when the warm-up was over, and at the end.
  public var figures: (first: ProcessFigures, last: ProcessFigures)
  public var preemptions: Int
  public var evictions: Int
  /// Bytes of the cache before it was dropped, and by how much the process became smaller with it.
  public var dropped: (cache: Int, process: Int?)

  public var passed: Bool { failureCount == 0 }

  /// Bytes that memory may grow by over the time that is judged, whatever it is: an allocator's noise.
  public static let memorySlack = 8.0 * 1024 * 1024
}
