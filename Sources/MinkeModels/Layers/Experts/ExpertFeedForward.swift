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
    if let (cache, place) = streaming {
      cache.scoreNext(
        pass.normed, rows: pass.hidden.count, isQuantized: readsQuantized, layer: place, worker: worker)
    }
    shared?.expand(pass, layer: layer, worker: worker)
    sharedGate?(pass.normed, into: experts.sharedGate, worker: worker)
    worker.synchronize()
    shared?.measure(pass, layer: layer, worker: worker)
    unsafe router.choose(
      worker.share(of: pass.hidden.count), used: experts.groups.usedCount, scores: experts.scores,
      preferences: experts.preferences, chosen: experts.chosen, factors: experts.factors)
    shared?.contract(pass, worker: worker)
    worker.synchronize()

    // Every worker sorts for itself: it takes less time than telling.
    var groups = experts.groups
    unsafe groups.assign(experts.chosen, rowCount: pass.hidden.count)
    if shared == nil { pass.sums?.add(pass.normed.floats, .feedForward, layer: layer, worker: worker) }
    let input = gathered(pass, experts, groups, worker)
    if let (cache, place) = streaming {
      cache.forEachRound(groups, layer: place, worker: worker) {
        multiply(pass, input, experts, $0, layer: layer, worker)
      }
    } else {
      multiply(pass, input, experts, groups, layer: layer, worker)
    }
    if sharedGate != nil { sigmoidGate(experts.sharedGate, pass.branch, into: pass.branch, worker: worker) }
    worker.synchronize(fetching: next.weight)
    // [pairs, hiddenSize] → [rows, hiddenSize]
    unsafe combineExperts(
      experts.results, groups, factors: experts.factors, into: pass.branch, accumulate: shared != nil,
      worker: worker)
    worker.synchronize(fetching: next.weight)
  }

  /// Adds up what each expert reads where that is measured, and makes up for its 8-bit form. Ends with a barrier then.
  private func measure(
    _ pass: ForwardPass, _ experts: ExpertRows, _ groups: ExpertGroups, layer: Int, worker: Worker
  ) {
    guard let sums = pass.sums else { return }
    sums.count(groups, layer: layer, worker: worker)
    sums.add(pass.normed.floats, groups, .experts, layer: layer, worker: worker) { groups.row(of: $0) }
    sums.add(experts.gated.floats, groups, .expertsDown, layer: layer, worker: worker) { $0 }
    if down.format.isInteger {
      for number in 0..<groups.activeCount {
        let pairs = groups.pairs(of: groups.active(number))
        experts.gated.rows(pairs).quantize(rows: worker.share(of: pairs.count))
      }
    }
    worker.synchronize()
  }

  /// The rows of each pair of a row and an expert, side by side; of one row itself.
  private func gathered(
    _ pass: ForwardPass, _ experts: ExpertRows, _ groups: ExpertGroups, _ worker: Worker
  ) -> MatmulInput {
    guard pass.hidden.count > 1 else { return pass.normed }
    // Gate and up may be of different kinds.
    let (gate, up) = (gate.format.isInteger, up.format.isInteger)
    gather(
      pass.normed, groups, blocks: gate || up, floats: !gate || !up, into: experts.input, worker: worker)
    worker.synchronize()
    return experts.input
  }

  /// [pairs, hiddenSize] → [pairs, expert width] → [pairs, hiddenSize], of the active experts. No barrier at the end.
  private func multiply(
    _ pass: ForwardPass, _ input: MatmulInput, _ experts: ExpertRows, _ groups: ExpertGroups, layer: Int,
    _ worker: Worker
  ) {
    expertGatedMatmul(
      input, groups, gate: gate, up: up, activation: .silu, into: experts.gated,
      quantized: down.format.isInteger && pass.sums == nil, worker: worker)
    worker.synchronize()
    measure(pass, experts, groups, layer: layer, worker: worker)
    expertMatmul(experts.gated, groups, down, into: experts.results, worker: worker)
  }
}
