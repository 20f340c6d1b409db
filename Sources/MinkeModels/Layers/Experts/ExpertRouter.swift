internal import MinkeTensors

/// What decides which experts of a layer a token goes through.
@safe
struct ExpertRouter: @unchecked Sendable {
  // Sendable by hand: weights, which are only read.

  /// `[experts, hiddenSize]`
  let linear: Linear
  /// What is added to scores when experts are chosen `[experts]`.
  let bias: UnsafePointer<Float>?
  let gate: ExpertGate

  /// Chooses the experts of some rows. No barrier: the products must be complete before.
  ///
  /// - Parameters:
  ///   - scores: the products with ``linear``, then the gate's scores `[rows, experts]`.
  ///   - preferences: memory for as many.
  ///   - chosen: `[rows · used]`
  ///   - factors: `[rows · used]`
  func choose(
    _ rows: Range<Int>, used: Int, scores: Rows, preferences: Rows, chosen: UnsafeMutablePointer<Int32>,
    factors: UnsafeMutablePointer<Float>
  ) {
    for row in rows {
      unsafe gate.choose(
        scores.buffer(row: row), bias: bias, preferences: preferences.buffer(row: row),
        chosen: UnsafeMutableBufferPointer(start: chosen + row * used, count: used),
        factors: UnsafeMutableBufferPointer(start: factors + row * used, count: used))
    }
  }
}
