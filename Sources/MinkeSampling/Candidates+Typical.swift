#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

extension Candidates {
  /// Locally typical sampling: keeps the smallest set of candidates closest in information to the
  /// entropy, whose probabilities sum to at least `mass`.
  mutating func keepTypical(_ mass: Float) {
    let total = totalWeight
    let logTotal = log(total)
    var entropy = 0.0
    for item in items {
      let logProbability = log(Double(item.weight)) - logTotal
      entropy -= Double(item.weight) / total * logProbability
    }
    rank { item in
      Float(-abs(-(log(Double(item.weight)) - logTotal) - entropy))
    }
    keepMass(Double(mass) * total)
  }
}
