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
    expand(pass, layer: layer, worker: worker)
    worker.synchronize(fetching: down.weight)
    measure(pass, layer: layer, worker: worker)
    contract(pass, worker: worker)
    worker.synchronize(fetching: next.weight)
  }

  /// `pass.normed` `[rows, hiddenSize]` → `pass.gated` `[rows, width]`. No barrier.
  func expand(_ pass: ForwardPass, layer: Int, worker: Worker) {
    pass.sums?.add(pass.normed.floats, .feedForward, layer: layer, worker: worker)
    // Floats too where they are added up
    unsafe gatedMatmul(
      pass.normed, gate: (gate.weight, gate.bias), up: (up.weight, up.bias), activation: activation,
      into: pass.gated(self), quantized: down.readsQuantized && pass.sums == nil, worker: worker)
  }

  /// Adds up the inner activations where they are measured, and makes up for their 8-bit form. Ends with a barrier then.
  func measure(_ pass: ForwardPass, layer: Int, worker: Worker) {
    guard let sums = pass.sums else { return }
    sums.add(pass.gated(self).floats, .feedForwardDown, layer: layer, worker: worker)
    if down.readsQuantized { pass.gated(self).quantize(worker: worker) }
    worker.synchronize()
  }

  /// `pass.gated` `[rows, width]` → `pass.branch` `[rows, hiddenSize]`. No barrier.
  func contract(_ pass: ForwardPass, worker: Worker) {
    down(pass.gated(self), into: pass.branch, worker: worker)
  }
}

extension ForwardPass {
  /// The memory of inner activations, as wide as a network is: shared ones are narrower than dense ones.
  fileprivate func gated(_ network: FeedForward) -> MatmulInput {
    gated.narrowed(to: network.gate.weight.rows)
  }
}

// MARK: Weights by name

extension FeedForward {
  init(
    _ configuration: ModelConfiguration, _ weights: inout WeightLoader, prefix: String,
    activation: GateActivation
  ) throws {
    let (width, inner) = (configuration.hiddenSize, configuration.feedForwardSize)
    gate = try weights.linear(prefix + "ffn_gate", inputs: width, outputs: inner)
    up = try weights.linear(prefix + "ffn_up", inputs: width, outputs: inner)
    down = try weights.linear(prefix + "ffn_down", inputs: inner, outputs: width)
    self.activation = activation
  }
}
