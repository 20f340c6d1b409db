package import MinkeTensors

/// How an engine divides memory and time.
package struct EngineOptions: Sendable {
  package var limits = SchedulerLimits()
  /// Bytes of keys and values, of running sequences and of what is kept of others.
  package var cacheBytes: Int
  /// Positions of one sequence at most.
  package var contextLength: Int
  package var keys: CacheElement
  package var values: CacheElement
  /// Tokens that a draft model guesses before every pass, whatever it costs; nil, the default: as many as pay. For tests.
  package var draftCount: Int?
  /// Seconds since some moment, by which passes are compared. Tests give a clock on which every pass takes as long.
  package var now: @Sendable () -> Double = { (ContinuousClock.now - origin).seconds }
  private static let origin = ContinuousClock.now

  package init(
    cacheBytes: Int, contextLength: Int, keys: CacheElement = .f16, values: CacheElement = .f16
  ) {
    self.cacheBytes = cacheBytes
    self.contextLength = contextLength
    self.keys = keys
    self.values = values
  }
}

/// What an engine has done so far, and holds now.
package struct EngineStatistics: Sendable {
  package var steps = 0
  package var computedTokens = 0
  package var preemptions = 0
  /// Tokens that were guessed and verified, and those of them that were right.
  package var drafted = 0
  package var accepted = 0
  /// Those of them that a draft model guessed.
  package var draftedByModel = 0
  package var acceptedByModel = 0
  /// Passes of the draft model, and their rows.
  package var draftPasses = 0
  package var draftRows = 0
  package var running = 0
  package var waiting = 0
  package var cache = CacheAccount()
  package var usage = CacheUsage(limit: 0, running: 0, cached: 0, resident: 0)
}
