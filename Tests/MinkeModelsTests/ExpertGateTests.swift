import Foundation
import MinkeModels
import Testing

@Suite("A gate chooses experts")
struct ExpertGateTests {
  /// The experts and factors for some logits.
  func choose(
    _ gate: ExpertGate, _ logits: [Float], used: Int, bias: [Float]? = nil
  ) -> (chosen: [Int32], factors: [Float]) {
    var scores = logits
    var preferences = [Float](repeating: 0, count: logits.count)
    var chosen = [Int32](repeating: -1, count: used)
    var factors = [Float](repeating: 0, count: used)
    unsafe scores.withUnsafeMutableBufferPointer { scores in
      unsafe preferences.withUnsafeMutableBufferPointer { preferences in
        unsafe chosen.withUnsafeMutableBufferPointer { chosen in
          unsafe factors.withUnsafeMutableBufferPointer { factors in
            unsafe (bias ?? []).withUnsafeBufferPointer {
              unsafe gate.choose(
                scores, bias: bias == nil ? nil : $0.baseAddress, preferences: preferences, chosen: chosen,
                factors: factors)
            }
          }
        }
      }
    }
    return (chosen, factors)
  }

  static let tolerance: Float = 1e-6

  @Test("the best first, with the softmax of all for factors")
  func softmax() {
    let logits: [Float] = [0.5, 2, -1, 1]
    let sum = logits.reduce(0) { $0 + exp($1) }
    let (chosen, factors) = choose(ExpertGate(score: .softmax, normalizes: false, scale: 3), logits, used: 2)
    #expect(chosen == [1, 3])
    #expect(abs(factors[0] - 3 * exp(2) / sum) < Self.tolerance)
    #expect(abs(factors[1] - 3 * exp(1) / sum) < Self.tolerance)
  }

  @Test("whose factors are divided by their sum where the model does so")
  func normalized() {
    let factors = choose(ExpertGate(score: .softmax, normalizes: true), [0.5, 2, -1, 1], used: 2).factors
    #expect(abs(factors[0] - 1 / (1 + exp(Float(-1)))) < Self.tolerance)
    #expect(abs(factors[0] + factors[1] - 1) < Self.tolerance)
  }

  @Test("with a bias that is in the choice and not in the factors")
  func bias() {
    let (chosen, factors) = choose(
      ExpertGate(score: .sigmoid, normalizes: false), [0, 2, -1, 1], used: 2, bias: [0.9, 0, 0, -1])
    #expect(chosen == [0, 1])
    #expect(abs(factors[0] - 0.5) < Self.tolerance)
  }

  @Test("of the best groups alone")
  func groups() {
    var gate = ExpertGate(
      score: .sigmoid, groups: .init(count: 3, usedCount: 1, bestCount: 2), normalizes: true)
    // The best is alone in its group; two good ones are together.
    let logits: [Float] = [5, -9, 2, 2.5, 0, 0]
    #expect(choose(gate, logits, used: 2).chosen == [3, 2])
    gate.groups?.bestCount = 1
    #expect(choose(gate, logits, used: 2).chosen == [0, 1])
    gate.groups?.usedCount = 2
    #expect(choose(gate, logits, used: 2).chosen == [0, 3])
  }

  @Test("the first of equals, and always as many")
  func ties() {
    let gate = ExpertGate(score: .softmax, normalizes: true)
    let worst = choose(gate, [1, 2, 3, 4], used: 3, bias: Array(repeating: -.infinity, count: 4)).chosen
    #expect(Set(worst).count == 3)
    #expect(choose(gate, [1, 1, 1, 1], used: 3).chosen == [0, 1, 2])
    for logits: [Float] in [
      [.nan, .nan, .nan, .nan], [.infinity, 1, .nan, -.infinity],
      [-.infinity, -.infinity, -.infinity, -.infinity],
    ] {
      for score in [ExpertGate.Score.softmax, .sigmoid] {
        let chosen = choose(ExpertGate(score: score, normalizes: true), logits, used: 4).chosen
        #expect(Set(chosen) == [0, 1, 2, 3], "\(logits)")
      }
    }
  }
}
