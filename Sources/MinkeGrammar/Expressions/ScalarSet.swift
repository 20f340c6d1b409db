/// A set of Unicode scalars: sorted ranges that neither overlap nor touch, without surrogates.
struct ScalarSet: Sendable, Equatable {
  private(set) var ranges: [ClosedRange<UInt32>]

  static let maximum: UInt32 = 0x10FFFF
  static let all = ScalarSet([0...maximum])
  static let surrogates: ClosedRange<UInt32> = 0xD800...0xDFFF

  /// Surrogates and what lies above U+10FFFF are left out.
  init(_ ranges: [ClosedRange<UInt32>]) {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    let below = Self(unchecked: merged).clipped(to: 0...Self.surrogates.lowerBound - 1)
    let above = Self(unchecked: merged).clipped(to: Self.surrogates.upperBound + 1...Self.maximum)
    self.ranges = below + above
  }

  private init(unchecked ranges: [ClosedRange<UInt32>]) { self.ranges = ranges }

  private func clipped(to bounds: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
    ranges.compactMap { $0.overlaps(bounds) ? $0.clamped(to: bounds) : nil }
  }

  var isEmpty: Bool { ranges.isEmpty }

  func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } }

  func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

  /// All other scalars.
  var complement: ScalarSet {
    var result: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= Self.maximum { result.append(next...Self.maximum) }
    return ScalarSet(result)
  }

  func subtracting(_ other: ScalarSet) -> ScalarSet {
    complement.union(other).complement
  }

  func intersection(_ other: ScalarSet) -> ScalarSet {
    complement.union(other.complement).complement
  }
}
