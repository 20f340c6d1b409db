internal import MinkeTensors

/// Root mean square norm: x / √(mean(x²) + ε) · weight (arXiv:1910.07467).
///
/// GGUF stores the weights of every family as factors: where a family computes with 1 + w, the 1 is
/// already in the file.
@safe
struct RMSNorm {
  /// `[width]`
  let weight: UnsafePointer<Float>
  let width: Int
  let epsilon: Float

  /// The residual stream → `pass.normed`, both `[rows, hiddenSize]`; see below.
  func callAsFunction(_ pass: ForwardPass, quantized: Bool) {
    self(pass.hidden, into: pass.normed, quantized: quantized, worker: pass.rowWorker)
  }

  /// input `[rows, width]` → output `[rows, width]`, also as 8-bit integers where the products that
  /// follow read those. Ends with a barrier.
  func callAsFunction(_ input: Rows, into output: MatmulInput, quantized: Bool, worker: Worker) {
    let share = worker.share(of: input.count)
    if !share.isEmpty {
      unsafe rmsNorm(
        input.rows(share), weight: weight, epsilon: epsilon, into: output.floats.rows(share), worker: .alone)
      if quantized { output.quantize(rows: share) }
    }
    worker.synchronize()
  }

  /// Adds the norm of `pass.branch` to the residual stream, both `[rows, hiddenSize]`; `pass.normed` is overwritten. No
  /// barrier: rows stay with their worker.
  func addBranch(_ pass: ForwardPass) {
    let share = pass.rowWorker.share(of: pass.hidden.count)
    let (residual, normed) = (pass.hidden.rows(share), pass.normed.floats.rows(share))
    unsafe rmsNorm(pass.branch.rows(share), weight: weight, epsilon: epsilon, into: normed, worker: .alone)
    MinkeTensors.add(residual, normed, into: residual, worker: .alone)
  }

  /// input `[rows, width]` → output `[rows, width]`, all by this worker; no barrier.
  func apply(_ input: Rows, into output: Rows) {
    unsafe rmsNorm(input, weight: weight, epsilon: epsilon, into: output, worker: .alone)
  }

  /// Normalises rows `[rows, width]` in place. No barrier: rows stay with their worker.
  func normalize(_ rows: Rows, worker: Worker) {
    unsafe rmsNorm(rows, weight: weight, epsilon: epsilon, into: rows, worker: worker)
  }

  /// Normalises each head of `[rows, heads · width]` by itself, in place. Heads are split among workers;
  /// no barrier.
  func normalizeHeads(_ rows: Rows, worker: Worker) {
    unsafe rmsNormHeads(rows, headDimension: width, weight: weight, epsilon: epsilon, worker: worker)
  }

  /// The same norm, for operations that apply it to heads on their way.
  var ofHeads: HeadNorm { unsafe HeadNorm(weight: weight, epsilon: epsilon) }
}
