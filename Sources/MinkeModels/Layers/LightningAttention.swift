internal import Foundation
internal import MinkeTensors

/// Lightning attention (arXiv:2401.04658) as MiniMax-Text-01 has it (arXiv:2501.08313): linear attention whose heads forget
/// at rates of their own, with a norm and a gate on its result.
@safe
struct LightningAttention {
  /// Query, key and value of head after head `[heads · 3 · length, hiddenSize]`.
  let heads: Linear
  /// `[heads · length, hiddenSize]`
  let gate: Linear
  let norm: RMSNorm
  let output: Linear
  let headLength: Int
  /// What a head's state is multiplied by from one position to the next `[heads]`.
  let decays: UnsafePointer<Float>
  /// Where the layer's states begin within a sequence's.
  let stateOffset: Int

  /// Whether the input must be given as 8-bit integers too.
  var readsQuantized: Bool { heads.readsQuantized || gate.readsQuantized }

  /// `pass.normed` `[rows, hiddenSize]` → `pass.branch` `[rows, hiddenSize]`. Ends with a barrier.
  ///
  /// - Parameters:
  ///   - layer: its place among all layers.
  ///   - next: the product that follows, whose weights are fetched while others are waited for.
  func callAsFunction(_ pass: ForwardPass, layer: Int, next: Linear, worker: Worker) {
    guard let linear = pass.linear else { preconditionFailure("a pass of such a model has linear rows") }
    pass.sums?.add(pass.normed.floats, .attention, layer: layer, worker: worker)
    // [rows, hiddenSize] → [rows, heads · 3 · length] and [rows, heads · length]
    heads(pass.normed, into: linear.heads, worker: worker)
    gate(pass.normed, into: linear.gate, worker: worker)
    worker.synchronize(fetching: output.weight)
    // silu(x) = sigmoid(x) · x
    sigmoidGate(linear.heads, linear.heads, into: linear.heads, worker: worker)
    worker.synchronize(fetching: output.weight)
    let attended = pass.attended.floats
    unsafe linearAttention(
      linear.heads, slices: pass.slices, headDimension: headLength, decays: decays, stateOffset: stateOffset,
      into: attended, worker: worker)
    worker.synchronize(fetching: output.weight)
    let share = worker.share(of: attended.count)
    norm.normalize(attended.rows(share), worker: .alone)
    sigmoidGate(linear.gate.rows(share), attended.rows(share), into: attended.rows(share), worker: .alone)
    worker.synchronize(fetching: output.weight)
    pass.projectAttended(output, layer: layer, next: next, worker: worker)
  }

  /// e^−slope of each head: 2^(−8/heads) to the powers 1, 2, 3…, less in higher layers.
  static func decays(layer: Int, layerCount: Int, headCount: Int) -> [Float] {
    let depth = 1 - Double(layer) / (Double(layerCount - 1) + 1e-5) + 1e-5
    return (1...headCount).map { Float(exp(-pow(2, -8 * Double($0) / Double(headCount)) * depth)) }
  }
}

// MARK: Weights by name

extension LightningAttention {
  /// - Parameter decays: ``decays(layer:layerCount:headCount:)``, kept by whoever keeps the layer.
  init(
    _ layer: Int, _ configuration: ModelConfiguration, _ linear: LinearAttentionConfiguration,
    _ weights: inout WeightLoader, prefix: String, decays: UnsafePointer<Float>
  ) throws {
    let (hidden, width) = (configuration.hiddenSize, linear.headCount * linear.headLength)
    heads = try weights.linear(prefix + "attn_qkv", inputs: hidden, outputs: 3 * width)
    gate = try weights.linear(prefix + "attn_gate", inputs: hidden, outputs: width)
    // The family's code builds it with this, whatever the model's other norms have.
    norm = try weights.norm(prefix + "attn_norm_2", width: width, epsilon: 1e-6)
    output = try weights.linear(prefix + "attn_output", inputs: width, outputs: hidden)
    headLength = linear.headLength
    unsafe self.decays = decays
    stateOffset = linear.place(of: layer) * linear.layerStateCount
  }
}
