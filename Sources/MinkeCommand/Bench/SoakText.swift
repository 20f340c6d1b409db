internal import Foundation
internal import Minke
internal import MinkeCheckpoints
internal import MinkeHub

/// What `minke bench --soak` prints for people: a line a minute, then what was found.
enum SoakText {
  static let header =
    "    TIME  FINISHED  CANCELLED  REFUSED     FULL  TOKENS/S  PREEMPTED   EVICTED    HITS  GUESSES        RSS  FAILURES\n"

  static func line(_ minute: SoakMinute) -> String {
    let seconds = Int(minute.seconds)
    let time = "\(seconds / 60):" + (seconds % 60 < 10 ? "0" : "") + "\(seconds % 60)"
    let cells = [
      (time, 8), ("\(minute.finished)", 10), ("\(minute.cancelled)", 11), ("\(minute.refused)", 9),
      ("\(minute.queueFull)", 9), (decimalText(minute.tokensPerSecond, 0), 10), ("\(minute.preemptions)", 11),
      ("\(minute.evictions)", 10), (percent(minute.hitRate), 8), (percent(minute.acceptedGuesses), 9),
      (minute.figures.resident.map(byteText) ?? "–", 11), ("\(minute.failures)", 10),
    ]
    return cells.map { String(repeating: " ", count: max($0.1 - $0.0.count, 1)) + $0.0 }.joined() + "\n"
  }

  static func summary(_ report: SoakReport) -> String {
    let counts = report.counts
    var lines = [
      "\(counts.finished) answers as alone, \(counts.cancelled) broken off, \(counts.votes) votes, \(counts.refused) refused; "
        + "the queue was full \(counts.queueFull) times",
      "\(counts.casesSeen) of \(report.plan.cases) cases compared whole; \(counts.answerTokens) tokens of answers; the longest "
        + "act took \(decimalText(counts.longestWait, 1)) s",
      "\(report.preemptions) sequences made room, \(report.evictions) blocks were evicted; the books were checked \(counts.checks) "
        + "times",
    ]
    if let memory = report.memory, let slope = memory.perMinute {
      let bound = memory.bound(least: SoakReport.memorySlack)
      lines.append(
        "memory: \(decimalText(slope / 1024, 1)) KB a minute over \(decimalText(memory.minutes, 1)) minutes ("
          + (memory.minutes < GrowthJudge.leastMinutes
            ? "too short to judge" : "at most \(decimalText(bound / 1024, 1))")
          + "); \(figures(report.figures.first)) after the warm-up, "
          + "\(figures(report.figures.last)) at the end")
    }
    lines.append(
      "cache dropped: \(byteText(report.dropped.cache)) taken up before"
        + (report.dropped.process.map { ", \(byteText(max($0, 0))) given back" } ?? ""))
    for failure in report.failures {
      lines.append("FAILED after \(Int(failure.seconds)) s: \(failure.place): \(failure.difference)")
    }
    if report.failureCount > report.failures.count {
      lines.append("and \(report.failureCount - report.failures.count) failures more")
    }
    lines.append(report.passed ? "passed" : "failed, with seed \(report.plan.seed)")
    return lines.map { printable($0, limit: 2000) + "\n" }.joined()
  }

  private static func figures(_ figures: ProcessFigures) -> String {
    [
      figures.resident.map(byteText), figures.openFiles.map { "\($0) files" },
      figures.threads.map { "\($0) threads" },
    ].compactMap(\.self).joined(separator: ", ")
  }

  private static func percent(_ share: Double) -> String { decimalText(share * 100, 1) + " %" }
}
