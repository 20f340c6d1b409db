internal import CMinkeKernels

/// output[token, row] = Σ weights[row, depth] · input[token, depth] (+ bias[row])
///
/// Each worker computes its share. The input must be complete, and quantised if the weights' format is an integer
/// one, before the barrier that precedes; the output is complete after the next barrier. The result is the same bits
/// for any number of tokens and workers and on any processor.
///
/// - Parameters:
///   - input: `[tokens, columns of weights]`
///   - bias: One value for each row of the weights.
///   - output: `[tokens, rows of weights]`
package func matmul(
  _ input: MatmulInput, _ weights: PackedMatrix, bias: UnsafePointer<Float>? = nil, into output: Rows,
  worker: Worker
) {
  forEachStep(weights, input, worker) { step in
    unsafe matmul(
      input, weights, bias: bias, into: output, panels: step.panels, groups: step.groups)
  }
}

/// A part of a product: some panels of rows by some groups of tokens.
@inline(__always)
func matmul(
  _ input: MatmulInput, _ weights: PackedMatrix, bias: UnsafePointer<Float>? = nil, into output: Rows,
  panels: Range<Int>, groups: Range<Int>
) {
  precondition(
    output.width == weights.rows && output.count == input.floats.count, "the output has a place for each sum")
  var product = unsafe product(input, weights, bias)
  unsafe product.output = output.base
  unsafe product.output_stride = output.stride
  unsafe minke_multiply(
    minke_cpu_active(), &product, panels.lowerBound, panels.upperBound, groups.lowerBound, groups.upperBound)
}

/// What a gated feed-forward network does with its gate.
package enum GateActivation: Sendable {
  case silu
  /// GELU in its tanh form.
  case gelu
}

/// output[token, row] = activation(gate · input) · (up · input), a panel of rows at a time, quantised where the product
/// that reads it wants that.
///
/// Each worker computes its share, as ``matmul(_:_:bias:into:worker:)`` does.
///
/// - Parameters:
///   - gate: Weights and biases; `up` has as many rows and columns.
///   - output: `[tokens, rows of gate]`; only its quantised form is written if `quantized`, else only its floats.
package func gatedMatmul(
  _ input: MatmulInput, gate: (weights: PackedMatrix, bias: UnsafePointer<Float>?),
  up: (weights: PackedMatrix, bias: UnsafePointer<Float>?), activation: GateActivation,
  into output: MatmulInput,
  quantized: Bool, worker: Worker
) {
  unsafe forEachStep(gate.weights, input, worker) { step in
    unsafe gatedMatmul(
      input, gate: gate, up: up, activation: activation, into: output, quantized: quantized,
      panels: step.panels, groups: step.groups)
  }
}

/// A part of a gated product: some panels of rows by some groups of tokens.
@inline(__always)
func gatedMatmul(
  _ input: MatmulInput, gate: (weights: PackedMatrix, bias: UnsafePointer<Float>?),
  up: (weights: PackedMatrix, bias: UnsafePointer<Float>?), activation: GateActivation,
  into output: MatmulInput,
  quantized: Bool, panels: Range<Int>, groups: Range<Int>
) {
  precondition(
    unsafe gate.weights.rows == up.weights.rows && gate.weights.columns == up.weights.columns,
    "gate and up are alike")
  precondition(
    unsafe output.floats.width == gate.weights.rows && output.floats.count == input.floats.count,
    "the output has a place for each result")
  precondition(
    unsafe !quantized || gate.weights.rows.isMultiple(of: Int(MINKE_BLOCK_DEPTH)),
    "quantised rows are whole blocks")
  let kernels = unsafe minke_vector()
  var product = unsafe minke_gated_product(
    gate: product(input, gate.weights, gate.bias),
    up: product(input, up.weights, up.bias),
    activate: activation == .silu ? kernels.pointee.silu_multiply : kernels.pointee.gelu_multiply,
    blocks: quantized ? output.blocks.assumingMemoryBound(to: minke_activation_block.self) : nil,
    output: quantized ? nil : output.floats.base, output_stride: output.floats.stride)
  unsafe minke_multiply_gated(
    minke_cpu_active(), &product, panels.lowerBound, panels.upperBound, groups.lowerBound, groups.upperBound)
}

/// The kernels' view of a product without its output.
private func product(
  _ input: MatmulInput, _ weights: PackedMatrix, _ bias: UnsafePointer<Float>?
) -> minke_product {
  precondition(input.floats.width == weights.columns, "the input is as wide as the weights")
  return unsafe minke_product(
    format: weights.format.kernelFormat, rows: weights.rows, depth: weights.columns,
    tokens: input.floats.count,
    panels: weights.base.assumingMemoryBound(to: UInt8.self),
    blocks: input.blocks.assumingMemoryBound(to: minke_activation_block.self),
    input: input.floats.base, input_stride: input.floats.stride, bias: bias,
    output: nil, output_stride: 0)
}

/// Calls `body` for each step of this worker's part of a product.
///
/// With few tokens the parts are fixed, so that each worker's weights can be fetched ahead of time; with many, workers
/// take turns.
@inline(__always)
private func forEachStep(
  _ weights: PackedMatrix, _ input: MatmulInput, _ worker: Worker,
  _ body: (_ step: (panels: Range<Int>, groups: Range<Int>)) -> Void
) {
  let schedule = MatmulSchedule(
    panels: weights.panelCount, tokens: input.floats.count, columns: weights.columns, workers: worker.count)
  func perform(_ share: Range<Int>) {
    var items = share
    while let step = schedule.nextStep(&items) { body(step) }
  }
  if schedule.isShared {
    worker.takeTurns(schedule.itemCount, step: schedule.turn, perform)
  } else {
    perform(worker.share(of: schedule.itemCount))
  }
}

/// How a product is divided: items are panels within passes, a pass being some groups of 32 tokens.
///
/// A pass is as many tokens as stay in the second-level cache while the panels stream by, or fewer when there would
/// otherwise be too few items for the workers. The depth is never divided.
package struct MatmulSchedule: Equatable {
  package let panels: Int
  package let groups: Int
  package let groupsPerPass: Int
  /// Whether workers take turns of ``turn`` items rather than a fixed share each.
  package let isShared: Bool
  package let turn: Int

  /// Bytes of activations meant to stay in a core's second-level cache.
  static let cachedBytes = 384 << 10
  /// Tokens from which on taking turns costs nothing to speak of.
  static let leastSharedTokens = 9

  package init(panels: Int, tokens: Int, columns: Int, workers: Int) {
    self.panels = panels
    groups = (tokens + Int(MINKE_TOKEN_GROUP) - 1) / Int(MINKE_TOKEN_GROUP)
    let groupBytes = max(1, columns) * 2 * Int(MINKE_TOKEN_GROUP)
    var perPass = min(max(1, groups), max(1, Self.cachedBytes / groupBytes))
    if workers > 1 {
      // Eight items a worker let the last turns end at about the same time.
      let passes = min(max(1, groups), (8 * workers + panels - 1) / max(1, panels))
      perPass = min(perPass, max(1, groups / passes))
    }
    groupsPerPass = perPass
    isShared = workers > 1 && tokens >= Self.leastSharedTokens
    turn = max(1, panels * ((groups + perPass - 1) / perPass) / (16 * workers))
  }

  package var itemCount: Int { groups == 0 ? 0 : panels * ((groups + groupsPerPass - 1) / groupsPerPass) }

  /// Takes from `items` those of one pass: a rectangle of panels and token groups.
  package func nextStep(_ items: inout Range<Int>) -> (panels: Range<Int>, groups: Range<Int>)? {
    guard let first = items.first else { return nil }
    let pass = first / panels
    let end = min(items.upperBound, (pass + 1) * panels)
    items = end..<items.upperBound
    let group = pass * groupsPerPass
    return (
      first - pass * panels..<end - pass * panels, group..<min(groups, group + groupsPerPass)
    )
  }
}
