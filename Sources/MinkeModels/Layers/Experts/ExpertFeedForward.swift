internal import MinkeTensors

/// A mixture of experts (arXiv:1701.06538): the sum of what a token's experts make of it, each times its factor, and
/// where the family has one (arXiv:2401.06066) of what a network makes of it that all tokens share.
@safe
struct ExpertFeedForward {
  let router: ExpertRouter
  /// `[experts][expert width, hiddenSize]`
  let gate: PackedMatrices
  let up: PackedMatrices
  /// `[experts][hiddenSize, expert width]`
  let down: PackedMatrices
  /// What brings experts into memory, where they are not all there, and which of the layers with experts this is.
  let streaming: (cache: ExpertCache, layer: Int)?
  let shared: FeedForward?
  /// What the shared network's result is multiplied by, through a sigmoid `[1, hiddenSize]`.
  let sharedGate: Linear?

  /// Whether the input must be given as 8-bit integers too.
  var readsQuantized: Bool {
    router.linear.readsQuantized || gate.format.isInteger || up.format.isInteger
      || shared?.readsQuantized == true
  }

  /// `pass.normed` `[rows, hiddenSize]` → `pass.branch` `[rows, hiddenSize]`. Ends with a barrier.
  ///
  /// - Parameter next: the product that follows, whose weights are fetched while others are waited for.
  func callAsFunction(_ pass: ForwardPass, layer: Int, next: Linear, worker: Worker) {
    guard let experts = pass.experts else {
      preconditionFailure("a pass of a model with experts has their rows")
    }
    // [rows, hiddenSize] → [rows, experts]; of the shared network [rows, its width]
    router.linear(pass.normed, into: experts.scores, worker: worker)
    if let (cache, layer) = streaming {
      cache.scoreNext(
        pass.normed, rows: pass.hidden.count, isQuantized: readsQuantized, layer: layer, worker: worker)
    }
    shared?.expand(pass, layer: layer, worker: worker)
    sharedGate?(pass.normed, into: experts.sharedGate, worker: worker)
    worker.synchronize()
    unsafe router.choose(
      worker.share(of: pass.hidden.count), used: experts.groups.usedCount, scores: experts.scores,
      preferences: experts.preferences, chosen: experts.chosen, factors: experts.factors)
    shared?.contract(pass, worker: worker)
    worker.synchronize()

    // Every worker sorts for itself: it takes less time than telling.
    var groups = experts.groups
    unsafe groups.assign(experts.chosen, rowCount: pass.hidden.count)
    let input = gathered(pass, experts, groups, worker)
    if let (cache, layer) = streaming {
      cache.forEachRound(groups, layer: layer, worker: worker) { multiply(input, experts, $0, worker) }
    } else {
      multiply(input, experts, groups, worker)
    }
    if sharedGate != nil { sigmoidGate(experts.sharedGate, pass.branch, into: pass.branch, worker: worker) }
    worker.synchronize(fetching: next.weight)
    // [pairs, hiddenSize] → [rows, hiddenSize]
    unsafe combineExperts(
      experts.results, groups, factors: experts.factors, into: pass.branch, accumulate: shared != nil,
      worker: worker)
    worker.synchronize(fetching: next.weight)
  }

  /// The rows of each pair of a row and an expert, side by side; of one row itself.
  private func gathered(
    _ pass: ForwardPass, _ experts: ExpertRows, _ groups: ExpertGroups, _ worker: Worker
  ) -> MatmulInput {
    guard pass.hidden.count > 1 else { return pass.normed }
    gather(pass.normed, groups, quantized: gate.format.isInteger, into: experts.input, worker: worker)
    worker.synchronize()
    return experts.input
  }

  /// [pairs, hiddenSize] → [pairs, expert width] → [pairs, hiddenSize], of the active experts. No barrier at the end.
  private func multiply(
    _ input: MatmulInput, _ experts: ExpertRows, _ groups: ExpertGroups, _ worker: Worker
  ) {
    expertGatedMatmul(
      input, groups, gate: gate, up: up, activation: .silu, into: experts.gated,
      quantized: down.format.isInteger, worker: worker)
    worker.synchronize()
    expertMatmul(experts.gated, groups, down, into: experts.results, worker: worker)
  }
}
