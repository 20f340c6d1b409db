internal import MinkeSampling

/// Guesses of one sequence, from its own text or by a draft model, and whether they pay.
///
/// The text comes first, since it costs nothing, unless the draft model is so good that fewer guesses of the text are right.
final class Drafting {
  private var lookup = PromptLookup()
  private var governor = SpeculationGovernor()
  /// Of the draft model; nil where there is none that can follow the sequence.
  private(set) var model: SpeculationGovernor?
  /// Whether the draft model made the guesses that are there.
  private(set) var isByModel = false

  init(_ prompt: [Int32], model: SpeculationGovernor?) {
    lookup.append(contentsOf: prompt)
    self.model = model
  }

  /// Notes what a pass has made of a sequence, and guesses what comes next from its text.
  ///
  /// - Parameters:
  ///   - added: tokens that were added in the pass.
  ///   - costs: of guesses from the text, and of the draft model's.
  func advance(
    _ sequence: TokenSequence, added: ArraySlice<Int32>, drafted: Int, accepted: Int,
    _ costs: (text: PassCosts, model: PassCosts)
  ) {
    let rate = model?.rate(costs.model) ?? 1
    let (text, byModel) = isByModel ? (0, drafted) : (drafted, 0)
    governor.note(drafted: text, accepted: text > 0 ? accepted : 0, costs.text, beside: rate)
    if text == 0 { model?.note(drafted: byModel, accepted: accepted, costs.model) }
    isByModel = false
    lookup.append(contentsOf: added)
    lookup.propose(atMost: governor.draftCount(costs.text, beside: rate), into: &sequence.drafts)
  }

  /// How many tokens the draft model is to guess, where the text has given nothing.
  ///
  /// - Parameters:
  ///   - isBehind: whether it cannot guess in this step.
  ///   - preparation: what catching up costs, in passes of one row.
  func modelCount(_ costs: PassCosts, isBehind: Bool, preparation: Double) -> Int {
    guard let governor = model else { return 0 }
    guard governor.isTrial(costs) else { return governor.draftCount(costs) }
    // Trials are small, or there are none.
    guard !isBehind else { return 0 }
    let count = governor.draftCount(costs, preparation: preparation)
    if count > 0 { model?.pay(preparation) }
    return count
  }

  /// The draft model has been asked.
  func noteModel(_ sequence: TokenSequence) { isByModel = !sequence.drafts.isEmpty }

  /// The draft model cannot follow.
  func giveUpModel() { model = nil }
}
