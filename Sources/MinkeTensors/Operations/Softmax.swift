internal import CMinkeKernels

/// `exp(x − max x) / Σ`, in place; for samplers and log-probabilities.
package func softmax(_ values: UnsafeMutableBufferPointer<Float>) {
  guard let base = values.baseAddress else { return }
  unsafe minke_vector().pointee.softmax(base, base, values.count)
}

/// `1 / (1 + exp(−x))`, in place.
package func sigmoid(_ values: UnsafeMutableBufferPointer<Float>) {
  guard let base = values.baseAddress else { return }
  for index in values.indices { unsafe values[index] = -values[index] }
  unsafe minke_vector().pointee.exponential(base, base, values.count)
  for index in values.indices { unsafe values[index] = 1 / (1 + values[index]) }
}

/// `log Σ exp x` in float64: `x[i] − logSumExp(x)` is the log-probability of `i`.
package func logSumExp(_ values: UnsafeBufferPointer<Float>) -> Double {
  guard let base = values.baseAddress else { return -.infinity }
  return unsafe minke_vector().pointee.log_sum_exp(base, values.count)
}
