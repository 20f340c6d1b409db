internal import MinkeEngine

/// Takes figures while clients ask, and makes a line of each minute.
struct SoakRecorder {
  private let engine: Engine
  private let ledger: SoakLedger
  private var memory: [GrowthJudge.Sample] = []
  private var figures: [(seconds: Double, figures: ProcessFigures)] = []
  private var last: (seconds: Double, counts: SoakCounts, statistics: EngineStatistics)

  init(_ engine: Engine, _ ledger: SoakLedger) {
    self.engine = engine
    self.ledger = ledger
    last = (ledger.seconds, ledger.counts, engine.statistics)
  }

  mutating func sample() {
    let now = ProcessFigures.current
    let seconds = ledger.seconds
    figures.append((seconds, now))
    // The cache takes up memory as it is filled, to its limit, which is watched elsewhere.
    if let bytes = now.anonymous ?? now.resident {
      memory.append(
        GrowthJudge.Sample(seconds: seconds, value: Double(bytes - engine.statistics.usage.resident)))
    }
  }

  /// What happened since the line before.
  mutating func line() -> SoakMinute {
    let (seconds, counts, statistics) = (ledger.seconds, ledger.counts, engine.statistics)
    let before = last
    last = (seconds, counts, statistics)
    func share(_ part: Int, _ whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
    let cache = (before.statistics.cache, statistics.cache)
    return SoakMinute(
      seconds: seconds, finished: counts.finished - before.counts.finished,
      cancelled: counts.cancelled - before.counts.cancelled, refused: counts.refused - before.counts.refused,
      queueFull: counts.queueFull - before.counts.queueFull,
      tokensPerSecond: Double(statistics.computedTokens - before.statistics.computedTokens)
        / max(seconds - before.seconds, 0.001),
      preemptions: statistics.preemptions - before.statistics.preemptions,
      evictions: cache.1.evictions - cache.0.evictions,
      hitRate: share(
        cache.1.cachedTokens - cache.0.cachedTokens, cache.1.promptTokens - cache.0.promptTokens),
      acceptedGuesses: share(
        statistics.accepted - before.statistics.accepted, statistics.drafted - before.statistics.drafted),
      figures: ProcessFigures.current, failures: ledger.failures.count)
  }

  // MARK: Judging

  var growth: GrowthJudge? { memory.isEmpty ? nil : GrowthJudge(memory) }

  /// Figures without the warm-up.
  private var judged: ArraySlice<(seconds: Double, figures: ProcessFigures)> {
    let start = GrowthJudge.warmUp * ((figures.last?.seconds ?? 0) - (figures.first?.seconds ?? 0))
    return figures.drop { $0.seconds < (figures.first?.seconds ?? 0) + start }
  }

  var ends: (first: ProcessFigures, last: ProcessFigures) {
    (judged.first?.figures ?? ProcessFigures(), judged.last?.figures ?? ProcessFigures())
  }

  /// Notes as failures what grows: memory by its slope, files and threads by their most in each half of the time.
  func judge() {
    if let growth, let slope = growth.perMinute, !growth.isFlat(least: SoakReport.memorySlack) {
      let bound = growth.bound(least: SoakReport.memorySlack)
      ledger.fail(
        "memory", "it grows by \(Int(slope / 1024)) KB a minute; expected at most \(Int(bound / 1024))")
    }
    for (name, value, slack) in [("open files", \ProcessFigures.openFiles, 2), ("threads", \.threads, 8)] {
      let half = judged.count / 2
      guard half > 0, let early = judged.prefix(half).compactMap({ $0.figures[keyPath: value] }).max(),
        let late = judged.suffix(half).compactMap({ $0.figures[keyPath: value] }).max()
      else { continue }
      if late > early + slack { ledger.fail(name, "\(late); expected at most \(early + slack)") }
    }
  }
}
