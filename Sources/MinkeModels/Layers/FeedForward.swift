internal import MinkeTensors

/// Gated feed-forward network (arXiv:2002.05202): down(activation(gate(x)) · up(x)).
struct FeedForward {
  let gate: Linear
  let up: Linear
  let down: Linear
  let activation: GateActivation

  /// Whether the input must be given as 8-bit integers too.
  var readsQuantized: Bool { gate.readsQuantized || up.readsQuantized }

  /// `pass.normed` `[rows, hiddenSize]` → `pass.branch` `[rows, hiddenSize]`. Ends with a barrier.
  ///
  /// - Parameter next: the product that follows, whose weights are fetched while others are waited for.
  func callAsFunction(_ pass: ForwardPass, layer: Int, next: Linear, worker: Worker) {
    pass.sums?.add(pass.normed.floats, .feedForward, layer: layer, worker: worker)
    // [rows, hiddenSize] → [rows, feedForwardSize]; floats too where they are added up
    unsafe gatedMatmul(
      pass.normed, gate: (gate.weight, gate.bias), up: (up.weight, up.bias), activation: activation,
      into: pass.gated, quantized: down.readsQuantized && pass.sums == nil, worker: worker)
    worker.synchronize(fetching: down.weight)
    if let sums = pass.sums {
      sums.add(pass.gated.floats, .feedForwardDown, layer: layer, worker: worker)
      if down.readsQuantized { pass.gated.quantize(worker: worker) }
      worker.synchronize()
    }
    // [rows, feedForwardSize] → [rows, hiddenSize]
    down(pass.gated, into: pass.branch, worker: worker)
    worker.synchronize(fetching: next.weight)
  }
}
