internal import Foundation
package import MinkeHub

/// How fast something comes and how long it will take, smoothed over a few seconds.
package struct TransferRate: Sendable {
  /// Bytes a second; nil until it can be said.
  package private(set) var bytesPerSecond: Double?
  private var lastBytes = 0
  private var lastTime: Double?

  package init() {}

  /// Takes the bytes so far and the time in seconds.
  package mutating func update(bytes: Int, at time: Double) {
    guard let last = lastTime else {
      (lastBytes, lastTime) = (bytes, time)
      return
    }
    let elapsed = time - last
    guard elapsed >= 0.25 else { return }
    let rate = Double(bytes - lastBytes) / elapsed
    // An exponential mean with a time constant of three seconds.
    let weight = 1 - exp(-elapsed / 3)
    bytesPerSecond = bytesPerSecond.map { $0 + weight * (rate - $0) } ?? rate
    (lastBytes, lastTime) = (bytes, time)
  }

  /// Seconds until so many more bytes have come.
  package func remaining(_ bytes: Int) -> Double? {
    guard let bytesPerSecond, bytesPerSecond > 1 else { return nil }
    return Double(max(bytes, 0)) / bytesPerSecond
  }
}

/// The line that shows a fetch on a terminal.
package struct ProgressBar: Sendable {
  private let title: String
  private var rate = TransferRate()

  package init(title: String) {
    self.title = title
  }

  /// The line for a moment.
  ///
  /// - Parameters:
  ///   - time: seconds on a clock that does not go back.
  ///   - width: columns of the terminal; the line is shorter.
  package mutating func line(_ progress: FetchProgress, at time: Double, width: Int) -> String {
    if progress.phase == .downloading || progress.phase == .copying {
      rate.update(bytes: progress.completed, at: time)
    }
    let fraction =
      progress.total > 0 ? min(max(Double(progress.completed) / Double(progress.total), 0), 1) : 0
    let head = "\(title)  "
    let tail = "  \(Self.percent(fraction))  \(detail(progress))"
    let room = width - 1 - DisplayWidth.of(head) - DisplayWidth.of(tail) - 2
    let bar = room >= 8 ? Self.bar(fraction, columns: min(room, 40)) : ""
    return DisplayWidth.prefix(of: head + bar + tail, columns: max(width - 1, 1))
  }

  private func detail(_ progress: FetchProgress) -> String {
    switch progress.phase {
    case .waiting: return "another process is fetching it"
    case .unpacking: return "unpacking"
    case .verifying: return "verifying SHA-256"
    case .repairing: return "repairing"
    case .restarting: return "from the beginning"
    case .downloading, .copying:
      var text = "\(byteText(progress.completed)) of \(byteText(progress.total))"
      if let speed = rate.bytesPerSecond { text += "  \(byteText(Int(min(max(speed, 0), 1e15))))/s" }
      if let seconds = rate.remaining(progress.total - progress.completed) {
        text += "  \(durationText(seconds)) left"
      }
      return text
    }
  }

  private static func percent(_ fraction: Double) -> String {
    let text = "\(Int(fraction * 100))%"
    return String(repeating: " ", count: 4 - text.count) + text
  }

  private static func bar(_ fraction: Double, columns: Int) -> String {
    let full = Int(fraction * Double(columns))
    return "[" + String(repeating: "=", count: full) + String(repeating: " ", count: columns - full) + "]"
  }
}

/// A length of time as people read it: `12 s`, `3 min 5 s`, `2 h 10 min`.
package func durationText(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e7 else { return "long" }
  let whole = Int(max(seconds, 0).rounded(.up))
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}
