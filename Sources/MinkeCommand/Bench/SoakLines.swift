internal import Minke

/// What `minke bench --soak --json` prints: an object a minute, then one of the whole.
enum SoakLines {
  struct Minute: Encodable {
    var seconds: Double
    var finished: Int
    var cancelled: Int
    var refused: Int
    var queueFull: Int
    var tokensPerSecond: Double
    var preemptions: Int
    var evictions: Int
    var hitRate: Double
    var acceptedGuesses: Double
    var resident: Int?
    var anonymous: Int?
    var threads: Int?
    var openFiles: Int?
    var failures: Int

    private enum CodingKeys: String, CodingKey {
      case seconds, finished, cancelled, refused, preemptions, evictions, resident, anonymous, threads,
        failures
      case queueFull = "queue_full"
      case tokensPerSecond = "tokens_per_second"
      case hitRate = "hit_rate"
      case acceptedGuesses = "accepted_guesses"
      case openFiles = "open_files"
    }

    init(_ minute: SoakMinute) {
      seconds = minute.seconds
      (finished, cancelled, refused) = (minute.finished, minute.cancelled, minute.refused)
      queueFull = minute.queueFull
      tokensPerSecond = minute.tokensPerSecond
      (preemptions, evictions) = (minute.preemptions, minute.evictions)
      (hitRate, acceptedGuesses) = (minute.hitRate, minute.acceptedGuesses)
      (resident, anonymous) = (minute.figures.resident, minute.figures.anonymous)
      (threads, openFiles) = (minute.figures.threads, minute.figures.openFiles)
      failures = minute.failures
    }
  }

  struct Summary: Encodable {
    struct Failure: Encodable {
      var seconds: Double
      var place: String
      var difference: String
    }

    var passed: Bool
    var seed: UInt64
    var seconds: Double
    var finished: Int
    var cancelled: Int
    var refused: Int
    var queueFull: Int
    var votes: Int
    var answerTokens: Int
    var cases: Int
    var casesSeen: Int
    var longestWait: Double
    var preemptions: Int
    var evictions: Int
    var checks: Int
    /// Bytes a minute, and how many are still called flat.
    var growth: Double?
    var growthBound: Double?
    var cacheDropped: Int
    var givenBack: Int?
    var failureCount: Int
    var failures: [Failure]

    private enum CodingKeys: String, CodingKey {
      case passed, seed, seconds, finished, cancelled, refused, votes, cases, preemptions, evictions, checks,
        growth
      case failures
      case queueFull = "queue_full"
      case answerTokens = "answer_tokens"
      case casesSeen = "cases_seen"
      case longestWait = "longest_wait"
      case growthBound = "growth_bound"
      case cacheDropped = "cache_dropped"
      case givenBack = "given_back"
      case failureCount = "failure_count"
    }

    init(_ report: SoakReport) {
      let counts = report.counts
      (passed, seed, seconds) = (report.passed, report.plan.seed, report.seconds)
      (finished, cancelled, refused) = (counts.finished, counts.cancelled, counts.refused)
      (queueFull, votes, answerTokens) = (counts.queueFull, counts.votes, counts.answerTokens)
      (cases, casesSeen, longestWait) = (report.plan.cases, counts.casesSeen, counts.longestWait)
      (preemptions, evictions, checks) = (report.preemptions, report.evictions, counts.checks)
      growth = report.memory?.perMinute
      growthBound = report.memory?.bound(least: SoakReport.memorySlack)
      (cacheDropped, givenBack) = report.dropped
      failureCount = report.failureCount
      failures = report.failures.map {
        Failure(seconds: $0.seconds, place: $0.place, difference: $0.difference)
      }
    }
  }
}
