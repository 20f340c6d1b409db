internal import MinkeSampling

/// What rows beside the first cost a sequence, and what a draft model's guesses do, by how many sequences share a pass: with
/// one, memory is the limit and a few more rows are nearly free; with many, they are not.
struct DraftCosts {
  /// By the binary logarithm of the number of sequences.
  private var costs: [PassCosts] = Array(repeating: PassCosts(), count: 12)
  private var guesses: [RunningMean] = Array(repeating: RunningMean(), count: 12)
  /// Of one row by which the draft model is behind.
  private var rows: [RunningMean] = Array(repeating: RunningMean(), count: 12)
  /// By number of sequences: passes without guesses.
  private var plain: [Int: Plain] = [:]
  /// The draft model's first passes, which read its weights from the disk, say nothing.
  private var unmeasured = 2

  private struct Plain {
    var seconds: Double
    var count = 0
    /// Passes with guesses since.
    var guessed = 0
  }

  private static let weight = 0.1
  /// So many passes without guesses are measured before a draft model is compared with them …
  private static let plainCount = 3
  /// … and one more after so many passes with them: what all is compared with must not grow old.
  private static let plainInterval = 64

  /// Of guesses that cost nothing.
  subscript(sequences count: Int) -> PassCosts { costs[Self.place(count)] }

  /// Of guesses that the draft model makes.
  func withDraft(sequences count: Int) -> PassCosts {
    var costs = costs[Self.place(count)]
    // A draft model that is slower than the model is none.
    costs.guessCost = min(guesses[Self.place(count)].value, 1.5)
    return costs
  }

  /// What it costs to make up for rows by which the draft model is behind.
  func catchUpCost(rows count: Int, sequences: Int) -> Double {
    Double(count) * rows[Self.place(sequences)].value
  }

  /// Whether a pass without guesses is wanted, for comparison.
  func wantsPlainPass(sequences count: Int) -> Bool {
    guard let plain = plain[count] else { return true }
    return plain.count < Self.plainCount || plain.guessed >= Self.plainInterval
  }

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
      var found = plain[count] ?? Plain(seconds: seconds)
      // A pass that the system held up says little.
      found.seconds += Self.weight * (min(seconds, 4 * found.seconds) - found.seconds)
      found.count += 1
      found.guessed = 0
      plain[count] = found
      return
    }
    guard let base = plain[count]?.seconds else { return }
    plain[count]?.guessed += 1
    let extra = Double(count) * (seconds / base - 1) / Double(drafts)
    for slice in slices where slice.draftCount > 0 {
      costs[Self.place(count)].observe(rows: 1 + slice.draftCount, cost: 1 + extra * Double(slice.draftCount))
    }
  }

  /// Notes a pass of the draft model, beside so many sequences of the model.
  mutating func observe(_ pass: DraftRunner.PassTime, sequences count: Int) {
    guard let base = plain[count]?.seconds, base > 0, pass.seconds > 0 else { return }
    guard unmeasured == 0 else {
      unmeasured -= 1
      return
    }
    let cost = pass.seconds * Double(count) / base
    if pass.rows <= 2 * pass.guesses {
      guesses[Self.place(count)].add(cost / Double(pass.guesses))
    } else if pass.rows >= 16 {
      rows[Self.place(count)].add(cost / Double(pass.rows))
    }
  }
}

/// A mean to which recent values count more, and single large ones little.
private struct RunningMean {
  private(set) var value = 0.0
  private var count = 0

  mutating func add(_ new: Double) {
    count = min(count + 1, 16)
    let new = count > 1 ? min(new, 4 * value) : new
    value += (new - value) / Double(count)
  }
}
