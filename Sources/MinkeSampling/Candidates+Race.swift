#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

extension Candidates {
  /// Draws one of the candidates: each arrives after a time that is exponentially distributed with its weight as the
  /// rate, and the first one wins, which it does with its probability (the Gumbel-max trick).
  ///
  /// Every token has a random number of its own, so that two models which nearly agree on the probabilities nearly
  /// always draw the same token under one seed, however their candidates are ordered (Daliri et al. 2024,
  /// arXiv:2408.07978).
  func raceWinner(_ generator: Philox, _ drawCount: UInt64) -> Int {
    var winner: Int32 = 0
    var least = Double.infinity
    for item in items {
      let time = -log1p(-generator.uniform(at: drawCount, token: item.token)) / Double(item.weight)
      if time < least || (time == least && item.token < winner) { (winner, least) = (item.token, time) }
    }
    return Int(winner)
  }
}
