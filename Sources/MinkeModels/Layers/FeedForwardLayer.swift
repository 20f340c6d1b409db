internal import MinkeTensors

/// What follows attention in a layer: one network, or a mixture of experts.
enum FeedForwardLayer {
  case dense(FeedForward)
  case experts(ExpertFeedForward)

  /// The product it begins with.
  var first: Linear {
    switch self {
    case .dense(let network): network.gate
    case .experts(let experts): experts.router.linear
    }
  }

  /// Whether the input must be given as 8-bit integers too.
  var readsQuantized: Bool {
    switch self {
    case .dense(let network): network.readsQuantized
    case .experts(let experts): experts.readsQuantized
    }
  }

  /// `pass.normed` `[rows, hiddenSize]` → `pass.branch` `[rows, hiddenSize]`. Ends with a barrier.
  ///
  /// - Parameter next: the product that follows, whose weights are fetched while others are waited for.
  @inline(__always)
  func callAsFunction(_ pass: ForwardPass, layer: Int, next: Linear, worker: Worker) {
    switch self {
    case .dense(let network): network(pass, layer: layer, next: next, worker: worker)
    case .experts(let experts): experts(pass, layer: layer, next: next, worker: worker)
    }
  }
}

// MARK: Weights by name

extension FeedForwardLayer {
  /// The network of layer `index`, as its configuration says.
  init(
    _ index: Int, _ configuration: ModelConfiguration, _ weights: inout WeightLoader, prefix: String
  ) throws {
    guard let experts = configuration.experts, configuration.hasExperts(layer: index) else {
      self = .dense(try FeedForward(configuration, &weights, prefix: prefix, activation: .silu))
      return
    }
    self = .experts(
      try ExpertFeedForward(experts, &weights, prefix: prefix, hiddenSize: configuration.hiddenSize))
  }
}

extension ExpertFeedForward {
  init(
    _ experts: ExpertConfiguration, _ weights: inout WeightLoader, prefix: String, hiddenSize: Int
  ) throws {
    let (count, width, shared) = (experts.count, experts.feedForwardSize, experts.sharedFeedForwardSize)
    let linear = try weights.linear(prefix + "ffn_gate_inp", inputs: hiddenSize, outputs: count)
    unsafe router = ExpertRouter(
      linear: linear, bias: try weights.optionalVector(prefix + "exp_probs_b.bias", count: count),
      gate: experts.gate)
    let names = ExpertMemory.matrices.map { prefix + $0 }
    let shapes = [(width, hiddenSize), (width, hiddenSize), (hiddenSize, width)]
    if let streamed = try weights.streamed(names, count: count, shapes, router: router) {
      (gate, up, down) = (streamed.matrices[0], streamed.matrices[1], streamed.matrices[2])
      streaming = (streamed.cache, streamed.layer)
    } else {
      gate = try weights.matrices(names[0], count: count, rows: width, columns: hiddenSize)
      up = try weights.matrices(names[1], count: count, rows: width, columns: hiddenSize)
      down = try weights.matrices(names[2], count: count, rows: hiddenSize, columns: width)
      streaming = nil
    }
    guard shared > 0 else {
      self.shared = nil
      sharedGate = nil
      return
    }
    self.shared = FeedForward(
      gate: try weights.linear(prefix + "ffn_gate_shexp", inputs: hiddenSize, outputs: shared),
      up: try weights.linear(prefix + "ffn_up_shexp", inputs: hiddenSize, outputs: shared),
      down: try weights.linear(prefix + "ffn_down_shexp", inputs: shared, outputs: hiddenSize),
      activation: .silu)
    sharedGate = try weights.optionalRow(prefix + "ffn_gate_inp_shexp.weight", columns: hiddenSize)
  }
}
