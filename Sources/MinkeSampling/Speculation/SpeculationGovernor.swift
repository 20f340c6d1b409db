/// Decides how many tokens of a sequence to guess before the next pass.
///
/// A guessed token is accepted with some probability a, given that those before it were. A pass that verifies k
/// guesses yields (1 − a^(k+1)) / (1 − a) tokens (Leviathan et al. 2023, arXiv:2211.17192, eq. 1) and takes the time of
/// 1 + k rows; the k with the most tokens per time is chosen, which may be none. `a` is the share accepted of the
/// guesses that were put to the test, recent ones counting more.
///
/// Where guessing does not pay, it is tried again now and then, so that a text which becomes repetitive is noticed.
/// What such trials may lose is limited to ``trialShare`` of the time: every pass saves up a little, and a trial waits
/// until enough is saved. A trial that gains refunds itself, and the next one follows at once.
///
/// Where there is another way to guess, it is what guessing is compared with: `rate` tokens in the time of a pass of one
/// row, which is 1 where there is none.
///
/// The decision depends on nothing but what was noted. Whatever it is, the text is the same: see ``Sampler``.
package struct SpeculationGovernor: Sendable, Equatable {
  /// The most tokens to guess.
  package let maximumDraft: Int
  /// The share of the time that trials may lose.
  package let trialShare: Double

  /// Guesses to go back over: what was seen before has lost most of its weight.
  private static let memory = 48.0
  /// While guessing does not pay, older outcomes weigh no more than so many guesses.
  private static let probeMemory = 4.0
  /// The acceptance that a trial hopes for.
  private static let hope = 0.7
  /// Bounds of what is saved for trials.
  private static let (mostSaved, deepestDebt) = (2.0, 8.0)
  /// How much faster guessing must be to be worth it.
  private static let margin = 1.01
  /// Every so many drafts a length next to the best one is measured anew.
  private static let explorationInterval = 32
  /// What other texts have shown weighs as much as so many guesses.
  private static let inherited = 8.0
  /// So many passes with guesses tell other texts what to expect.
  private static let firstTrials = 8

  private var accepted = 0.7
  private var tested = 1.0
  private var draftedPasses = 0
  /// Time saved up for trials, in passes of one row.
  private var savings = 0.5

  package init(maximumDraft: Int = 8, trialShare: Double = 0.01) {
    self.maximumDraft = min(max(maximumDraft, 0), 255)
    self.trialShare = trialShare
  }

  /// What another text begins with, of which nothing is known but what this one has shown.
  package func forNewText() -> SpeculationGovernor {
    var new = SpeculationGovernor(maximumDraft: maximumDraft, trialShare: trialShare)
    let kept = min(tested, Self.inherited)
    (new.accepted, new.tested) = (accepted * kept / tested, kept)
    // As long as hardly anything was tested, each text has first trials of its own.
    if draftedPasses >= Self.firstTrials { new.savings = 0 }
    return new
  }

  /// The share of guesses that were accepted of those put to the test.
  package var acceptance: Double { accepted / tested }

  /// How many tokens to guess now. Asking changes nothing.
  ///
  /// - Parameter preparation: what must be done before the first guess, in passes of one row: a trial must afford it.
  package func draftCount(_ costs: PassCosts, beside rate: Double = 1, preparation: Double = 0) -> Int {
    let best = best(costs, beside: rate).count
    if best > 0 {
      let turn = draftedPasses % (2 * Self.explorationInterval)
      if turn == Self.explorationInterval { return min(best + 1, maximumDraft) }
      return turn == 0 && draftedPasses > 0 ? max(best - 1, 1) : best
    }
    let probe = probeCount(costs)
    return savings >= costs[1 + probe] * rate - 1 + preparation ? probe : 0
  }

  /// Tokens in the time of a pass of one row, as far as guessing is worth it; otherwise 1.
  package func rate(_ costs: PassCosts) -> Double {
    let best = best(costs, beside: 1)
    return best.count > 0 ? best.speed : 1
  }

  /// Whether guesses would be a trial: they do not pay as far as is known.
  package func isTrial(_ costs: PassCosts, beside rate: Double = 1) -> Bool {
    best(costs, beside: rate).count == 0
  }

  /// Takes what a trial costs beside its pass from what is saved.
  package mutating func pay(_ cost: Double) { savings = max(savings - cost, -Self.deepestDebt) }

  /// Notes a pass.
  ///
  /// - Parameters:
  ///   - drafted: how many guesses the pass verified; fewer than wanted, or 0, where none were at hand.
  ///   - accepted: how many of them were accepted.
  package mutating func note(drafted: Int, accepted: Int, _ costs: PassCosts, beside rate: Double = 1) {
    guard drafted > 0 else {
      savings = min(savings + trialShare, Self.mostSaved)
      return
    }
    let accepted = min(max(accepted, 0), drafted)
    let isProbe = isTrial(costs, beside: rate)
    if isProbe {
      let loss = costs[1 + drafted] * rate - Double(1 + accepted)
      savings = min(max(savings - loss, -Self.deepestDebt), Self.mostSaved)
    }
    draftedPasses += 1
    let new = Double(accepted < drafted ? accepted + 1 : accepted)
    var kept = tested * (1 - min(new / Self.memory, 0.5))
    if isProbe { kept = min(kept, Self.probeMemory) }
    self.accepted = self.accepted * kept / tested + Double(accepted)
    tested = kept + new
  }

  /// The number, at most four, that puts the most guesses to the test for the time it may lose.
  private func probeCount(_ costs: PassCosts) -> Int {
    var best = 0
    var bestYield = 0.0
    var tested = 0.0
    var survival = 1.0
    for count in 0..<min(4, maximumDraft) {
      tested += survival
      survival *= Self.hope
      let yield = tested / max(costs[count + 2] - 1, 1e-3)
      if yield > bestYield { (best, bestYield) = (count + 1, yield) }
    }
    return best
  }

  /// The number with the most tokens per time at the acceptance seen, 0 where that is hardly more than `rate`.
  private func best(_ costs: PassCosts, beside rate: Double) -> (count: Int, speed: Double) {
    var best = (count: 0, speed: Self.margin * rate)
    var expected = 1.0
    var survival = 1.0
    for count in 0..<maximumDraft {
      survival *= acceptance
      expected += survival
      let speed = expected / costs[count + 2]
      if speed > best.speed { best = (count + 1, speed) }
    }
    return best
  }
}
