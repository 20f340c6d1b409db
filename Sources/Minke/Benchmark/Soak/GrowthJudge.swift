/// Whether a figure that is taken again and again grows: the slope of the straight line through it, without the beginning,
/// in which caches and pools fill.
package struct GrowthJudge: Sendable, Equatable {
  /// A figure at a moment.
  package struct Sample: Sendable, Equatable {
    package var seconds: Double
    package var value: Double

    package init(seconds: Double, value: Double) {
      self.seconds = seconds
      self.value = value
    }
  }

  /// The share of the time that is left out.
  package static let warmUp = 0.1
  /// Less than so many minutes say nothing: pools still fill.
  package static let leastMinutes = 2.0

  /// What is judged.
  package let samples: [Sample]

  /// - Parameter samples: in the order of time.
  package init(_ samples: [Sample]) {
    let first = samples.first?.seconds ?? 0
    let last = samples.last?.seconds ?? 0
    let start = first + (last - first) * Self.warmUp
    self.samples = samples.filter { $0.seconds >= start }
  }

  /// Minutes that are judged.
  package var minutes: Double { ((samples.last?.seconds ?? 0) - (samples.first?.seconds ?? 0)) / 60 }

  /// By how much the figure grows in a minute: least squares; nil of fewer than three moments.
  package var perMinute: Double? {
    guard samples.count >= 3, minutes > 0 else { return nil }
    let count = Double(samples.count)
    let (time, value) = samples.reduce((0.0, 0.0)) { ($0.0 + $1.seconds / count, $0.1 + $1.value / count) }
    let (joint, square) = samples.reduce((0.0, 0.0)) { sums, sample in
      let away = sample.seconds - time
      return (sums.0 + away * (sample.value - value), sums.1 + away * away)
    }
    return square > 0 ? joint / square * 60 : nil
  }

  /// The growth that is still called flat, in a minute: of the first figure 2 %, or `least`, over all the time.
  package func bound(least: Double) -> Double {
    guard minutes > 0 else { return 0 }
    return max((samples.first?.value ?? 0) * 0.02, least) / minutes
  }

  /// Whether it is flat, or was not watched for long enough to say.
  package func isFlat(least: Double) -> Bool {
    guard let perMinute, minutes >= Self.leastMinutes else { return true }
    return perMinute <= bound(least: least)
  }
}
