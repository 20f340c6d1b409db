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
  func callAsFunction(_ pass: ForwardPass, next: Linear, worker: Worker) {
    // [rows, hiddenSize] → [rows, feedForwardSize]
    unsafe gatedMatmul(
      pass.normed, gate: (gate.weight, gate.bias), up: (up.weight, up.bias), activation: activation,
      into: pass.gated, quantized: down.readsQuantized, worker: worker)
    worker.synchronize(fetching: down.weight)
    // [rows, feedForwardSize] → [rows, hiddenSize]
    down(pass.gated, into: pass.branch, worker: worker)
    worker.synchronize(fetching: next.weight)
  }
}
