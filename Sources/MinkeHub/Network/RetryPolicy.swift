/// Whether and when a request that failed is tried again: a pure decision.
package struct RetryPolicy: Equatable, Sendable {
  /// Failures in a row, with nothing new in between, after which it is given up.
  package var limit: Int
  /// The pause after the first failure, doubled after each further one.
  package var base: Duration
  /// The longest pause of our own.
  package var ceiling: Duration
  /// The longest that a server may ask us to wait.
  package var patience: Duration

  package init(
    limit: Int = 6, base: Duration = .milliseconds(500), ceiling: Duration = .seconds(15),
    patience: Duration = .seconds(120)
  ) {
    (self.limit, self.base, self.ceiling, self.patience) = (limit, base, ceiling, patience)
  }

  /// The pause before the next try.
  ///
  /// - Parameters:
  ///   - failures: so many in a row, this one counted.
  ///   - asked: what `Retry-After` says.
  ///   - jitter: from 0 to 1; it takes up to a quarter off, so that many clients do not come back at once.
  /// - Returns: nil to give up: too many failures, or a server that asks for more than ``patience``.
  package func pause(after failures: Int, asked: Duration? = nil, jitter: Double = 0) -> Duration? {
    guard failures < limit else { return nil }
    if let asked {
      guard asked <= patience else { return nil }
      return max(asked, .zero)
    }
    let doublings = min(max(failures - 1, 0), 20)
    let pause = min(base * (1 << doublings), ceiling)
    return pause * (1 - 0.25 * min(max(jitter, 0), 1))
  }

  /// Whether a status means that the same request may succeed later.
  package static func isTransient(status: Int) -> Bool {
    status == 408 || status == 425 || status == 429 || (500...599).contains(status) && status != 501
  }

  /// What `Retry-After` says: seconds, or a date of RFC 9110 relative to `now` (seconds since 1970).
  package static func delay(retryAfter text: String, now: Int) -> Duration? {
    let trimmed = text.drop { $0 == " " }.prefix { $0 != " " || text.contains(",") }
    if let seconds = Int(trimmed), seconds >= 0 { return .seconds(min(seconds, 1_000_000)) }
    guard let date = HTTPDate.seconds(String(text)) else { return nil }
    return .seconds(max(0, min(date - now, 1_000_000)))
  }
}

/// A date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
package enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Seconds since 1970; nil for any other text.
  package static func seconds(_ text: String) -> Int? {
    let fields = text.split(separator: " ")
    guard fields.count == 6, fields[5] == "GMT", let day = Int(fields[1]), (1...31).contains(day),
      let month = months.firstIndex(of: String(fields[2])), let year = Int(fields[3]),
      (1970...9999).contains(year)
    else { return nil }
    let clock = fields[4].split(separator: ":").compactMap { Int($0) }
    guard clock.count == 3, (0..<24).contains(clock[0]), (0..<60).contains(clock[1]),
      (0...60).contains(clock[2])
    else { return nil }
    return days(year, month + 1, day) * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
  }

  /// Days from 1970 in the Gregorian calendar, counted from March so that a leap day comes last.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let shifted = (month + 9) % 12
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * shifted + 2) / 5 + day - 1 - 719_468
  }
}
