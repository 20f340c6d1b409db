internal import MinkeTensors

/// x · Wᵀ + b: a packed weight matrix `[outputs, inputs]` and an optional bias `[outputs]`.
@safe
struct Linear {
  let weight: PackedMatrix
  let bias: UnsafePointer<Float>?

  /// Whether the product reads 8-bit activations, which its caller must then have made.
  var readsQuantized: Bool { weight.format.isInteger }

  /// input `[rows, inputs]` → output `[rows, outputs]`. No barrier: the input must be complete before,
  /// the output is complete after the next.
  func callAsFunction(_ input: MatmulInput, into output: Rows, worker: Worker) {
    unsafe matmul(input, weight, bias: bias, into: output, worker: worker)
  }
}
