import Foundation
import MinkeSampling
import Testing

/// Sequences whose guesses are accepted with a given probability, on a machine whose passes have given costs.
private struct Simulation {
  var acceptance: Double
  /// By rows of a pass.
  let cost: (Int) -> Double
  /// Each measurement is off by up to this share.
  var noise = 0.0
  var random: SeededGenerator
  var time = 0.0
  var tokens = 0.0

  init(acceptance: Double, noise: Double = 0, seed: UInt64 = 1, cost: @escaping (Int) -> Double) {
    self.acceptance = acceptance
    self.cost = cost
    self.noise = noise
    random = SeededGenerator(seed)
  }

  /// Tokens per time when `count` tokens are always guessed.
  func speed(always count: Int) -> Double {
    var expected = 1.0
    var survival = 1.0
    for _ in 0..<count {
      survival *= acceptance
      expected += survival
    }
    return expected / cost(1 + count)
  }

  var bestSpeed: Double { (0...8).map { speed(always: $0) }.max() ?? 1 }

  mutating func run(_ governor: inout SpeculationGovernor, _ costs: inout PassCosts, passes: Int) {
    for _ in 0..<passes {
      let drafted = governor.draftCount(costs)
      var accepted = 0
      while accepted < drafted, Double.random(in: 0..<1, using: &random) < acceptance { accepted += 1 }
      time += cost(1 + drafted)
      tokens += Double(1 + accepted)
      let measured = cost(1 + drafted) * (1 + noise * Double.random(in: -1...1, using: &random))
      costs.observe(rows: 1 + drafted, cost: measured)
      governor.note(drafted: drafted, accepted: accepted, costs)
    }
  }
}

/// What rows cost on machines that memory, arithmetic or both limit.
private let curves: [(name: String, cost: @Sendable (Int) -> Double)] = [
  ("0.02 a row", { 1 + 0.02 * Double($0 - 1) }),
  ("0.1 a row", { 1 + 0.1 * Double($0 - 1) }),
  ("0.3 a row", { 1 + 0.3 * Double($0 - 1) }),
  ("0.6 a row", { 1 + 0.6 * Double($0 - 1) }),
  ("every row the same", { Double($0) }),
  ("two rows for one", { $0 == 1 ? 1 : $0 == 2 ? 1.05 : 1.05 + 0.4 * Double($0 - 2) }),
  ("four rows for one", { $0 <= 4 ? 1 + 0.03 * Double($0 - 1) : 1.1 + 0.35 * Double($0 - 4) }),
  ("a step at two rows", { $0 == 1 ? 1 : 1.8 + 0.02 * Double($0) }),
]

@Suite struct `How many tokens to guess` {
  @Test(arguments: curves.indices) func `the speed is close to that of the best fixed number`(curve: Int) {
    for acceptance in [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95] {
      var governor = SpeculationGovernor()
      var costs = PassCosts()
      var simulation = Simulation(
        acceptance: acceptance, noise: 0.1, seed: UInt64(curve * 100), cost: curves[curve].cost)
      // Four answers, of which the later ones know what passes cost.
      for _ in 0..<4 {
        governor = SpeculationGovernor()
        simulation.run(&governor, &costs, passes: 500)
      }
      let share = simulation.tokens / simulation.time / simulation.bestSpeed
      report("\(curves[curve].name), \(acceptance): \(share)")
      // The least is where trials are dear and what they can gain is little.
      #expect(
        share > (curves[curve].name == "a step at two rows" ? 0.92 : 0.96),
        "\(curves[curve].name), acceptance \(acceptance)")
    }
  }

  @Test(arguments: curves.indices) func `text that cannot be guessed costs less than two in a hundred`(
    curve: Int
  ) {
    var costs = PassCosts()
    // Learning what passes cost, which a machine does once, may take a little more of a short answer.
    for passes in [5000, 500] {
      var governor = SpeculationGovernor()
      var simulation = Simulation(acceptance: 0, cost: curves[curve].cost)
      simulation.run(&governor, &costs, passes: passes)
      let loss = 1 - simulation.tokens / simulation.time
      report("\(curves[curve].name), \(passes) passes: loses \(loss)")
      #expect(loss < 0.02, "\(curves[curve].name), \(passes) passes")
    }
  }

  @Test(arguments: curves.indices) func `text that becomes repetitive is noticed`(curve: Int) {
    var governor = SpeculationGovernor()
    var costs = PassCosts()
    var simulation = Simulation(acceptance: 0, noise: 0.1, cost: curves[curve].cost)
    simulation.run(&governor, &costs, passes: 3000)
    simulation.acceptance = 0.9
    guard simulation.bestSpeed > 1.05 else { return }
    var passes = 0
    while governor.draftCount(costs) < 2 || governor.acceptance < 0.5, passes < 1000 {
      simulation.run(&governor, &costs, passes: 1)
      passes += 1
    }
    report("\(curves[curve].name): noticed after \(passes) passes")
    #expect(passes < 250, "\(curves[curve].name)")
  }

  @Test func `text that is no longer repetitive is noticed`() {
    var governor = SpeculationGovernor()
    var costs = PassCosts()
    var simulation = Simulation(acceptance: 0.95) { 1 + 0.3 * Double($0 - 1) }
    simulation.run(&governor, &costs, passes: 200)
    #expect(governor.draftCount(costs) > 3)
    simulation.acceptance = 0
    (simulation.time, simulation.tokens) = (0, 0)
    simulation.run(&governor, &costs, passes: 1000)
    #expect(simulation.time - simulation.tokens < 60)
    #expect(governor.draftCount(costs) == 0)
  }

  @Test func `asking changes nothing and the same notes give the same answer`() {
    let costs = PassCosts()
    var first = SpeculationGovernor()
    var second = SpeculationGovernor()
    for step in 0..<200 {
      let drafted = first.draftCount(costs)
      #expect(drafted == first.draftCount(costs))
      first.note(drafted: drafted, accepted: step % (drafted + 1), costs)
      second.note(drafted: drafted, accepted: step % (drafted + 1), costs)
      #expect(first == second)
    }
  }

  @Test func `senseless numbers are harmless`() {
    var costs = PassCosts()
    for cost in [Double.nan, .infinity, -1, 0] { costs.observe(rows: 3, cost: cost) }
    for rows in [-5, 0, 1, .max] { costs.observe(rows: rows, cost: 7) }
    #expect(costs == PassCosts())
    #expect(costs[0] == 1)
    var governor = SpeculationGovernor(maximumDraft: -3)
    #expect(governor.draftCount(costs) == 0)
    governor = SpeculationGovernor(maximumDraft: 4)
    for accepted in [-9, 99, .max] { governor.note(drafted: 2, accepted: accepted, costs) }
    #expect((0...1).contains(governor.acceptance))
    #expect((0...4).contains(governor.draftCount(costs)))
  }

  @Test func `one slow measurement does not rule a number out`() {
    var costs = PassCosts()
    costs.observe(rows: 3, cost: 9)
    costs.observe(rows: 5, cost: 1.5)
    #expect(costs[3] == 1.5)
    #expect(costs[2] > 1 && costs[2] < 1.5)
    #expect(costs[9] > 1.5)
  }
}

/// Figures are printed with `MINKE_FIGURES=1`.
private func report(_ text: String) {
  if ProcessInfo.processInfo.environment["MINKE_FIGURES"] != nil { print(text) }
}

@Suite struct `Guesses that a draft model makes` {
  private func costs(_ guessCost: Double) -> PassCosts {
    var costs = PassCosts()
    costs.guessCost = guessCost
    return costs
  }

  private func governor(acceptance: Double) -> SpeculationGovernor {
    var governor = SpeculationGovernor()
    for step in 0..<400 {
      let isAccepted = Int(Double(step + 1) * acceptance) > Int(Double(step) * acceptance)
      governor.note(drafted: 1, accepted: isAccepted ? 1 : 0, PassCosts())
    }
    return governor
  }

  @Test func `cost their making`() {
    #expect(costs(0.25)[1] == 1)
    #expect(abs(costs(0.25)[5] - PassCosts()[5] - 1) < 1e-12)
  }

  @Test func `are fewer the dearer they are, and none when they do not pay`() {
    let governor = governor(acceptance: 0.7)
    let counts = [0, 0.1, 0.2, 0.4].map { governor.draftCount(costs($0)) }
    #expect(counts == counts.sorted(by: >))
    #expect(counts[0] > 3 && counts[3] > 0)
    #expect(governor.isTrial(costs(0.8)) && !governor.isTrial(costs(0.4)))
    #expect(governor.rate(costs(0.8)) == 1 && governor.rate(costs(0.1)) > governor.rate(costs(0.4)))
  }

  @Test func `are compared with another way to guess`() {
    let governor = governor(acceptance: 0.5)
    #expect(governor.draftCount(PassCosts(), beside: 1.2) > 0)
    #expect(governor.isTrial(PassCosts(), beside: 2.5))
  }

  @Test func `are tried only where what is saved pays for catching up`() {
    var governor = governor(acceptance: 0.05)
    for _ in 0..<400 { governor.note(drafted: 0, accepted: 0, costs(0.5)) }
    #expect(governor.isTrial(costs(0.5)))
    #expect(governor.draftCount(costs(0.5)) > 0)
    #expect(governor.draftCount(costs(0.5), preparation: 3) == 0)
    governor.pay(2)
    #expect(governor.draftCount(costs(0.5)) == 0)
  }

  @Test func `of another text begin with what this one has shown`() {
    let good = governor(acceptance: 0.9).forNewText()
    let bad = governor(acceptance: 0.02).forNewText()
    #expect(good.draftCount(costs(0.2)) > 1 && bad.draftCount(costs(0.2)) == 0)
    // Its own guesses soon say more.
    var other = bad
    for _ in 0..<20 { other.note(drafted: 1, accepted: 1, costs(0.2)) }
    #expect(other.draftCount(costs(0.2)) > 0)
    #expect(SpeculationGovernor().forNewText() == SpeculationGovernor())
  }
}
