internal import MinkeSampling

/// Guesses of one sequence, and whether they pay.
final class Drafting {
  private var lookup = PromptLookup()
  private var governor = SpeculationGovernor()

  init(_ prompt: [Int32]) { lookup.append(contentsOf: prompt) }

  /// Notes what a pass has made of a sequence, and guesses what comes next.
  ///
  /// - Parameter added: tokens that were added in the pass.
  func advance(
    _ sequence: TokenSequence, added: ArraySlice<Int32>, drafted: Int, accepted: Int, _ costs: PassCosts
  ) {
    governor.note(drafted: drafted, accepted: accepted, costs)
    lookup.append(contentsOf: added)
    lookup.propose(atMost: governor.draftCount(costs), into: &sequence.drafts)
  }
}

/// What rows beside the first cost a sequence, by how many sequences share a pass: with one, memory is the limit and a few
/// more rows are nearly free; with many, they are not.
struct DraftCosts {
  /// By the binary logarithm of the number of sequences.
  private var costs: [PassCosts] = Array(repeating: PassCosts(), count: 12)
  /// By number of sequences: the usual time of a pass without guesses.
  private var usual: [Int: Double] = [:]

  private static let weight = 0.1

  subscript(sequences count: Int) -> PassCosts { costs[Self.place(count)] }

  private static func place(_ count: Int) -> Int {
    min(max(count, 1).bitWidth - max(count, 1).leadingZeroBitCount - 1, 11)
  }

  /// Notes the time of a pass in which every sequence had one token and its guesses.
  ///
  /// What guesses take beyond the usual time is shared among the sequences by how many they had; a sequence's own share of
  /// the usual time is what its rows are compared with.
  mutating func observe(_ slices: ArraySlice<StepPlan.Slice>, seconds: Double) {
    guard !slices.isEmpty, seconds > 0, slices.allSatisfy({ $0.count == 1 && $0.logitCount > 0 }) else {
      return
    }
    let count = slices.count
    let drafts = slices.reduce(0) { $0 + $1.draftCount }
    guard drafts > 0 else {
      let before = usual[count] ?? seconds
      // A pass that the system held up says little.
      usual[count] = before + Self.weight * (min(seconds, 4 * before) - before)
      return
    }
    guard let base = usual[count] else { return }
    let extra = Double(count) * (seconds / base - 1) / Double(drafts)
    for slice in slices where slice.draftCount > 0 {
      costs[Self.place(count)].observe(rows: 1 + slice.draftCount, cost: 1 + extra * Double(slice.draftCount))
    }
  }
}
