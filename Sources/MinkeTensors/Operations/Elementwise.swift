internal import CMinkeKernels

/// `x + y`, all `[count, width]`; `output` may be an input.
package func add(_ x: Rows, _ y: Rows, into output: Rows, worker: Worker) {
  let kernel = unsafe minke_vector().pointee.add
  unsafe forEachPart(of: output, x, y, worker: worker) { output, x, y, count in
    unsafe kernel(x, y, output, count)
  }
}

/// Adds a bias `[width]` to each row of `[count, width]`, in place.
package func addBias(_ rows: Rows, _ bias: UnsafePointer<Float>, worker: Worker) {
  let kernel = unsafe minke_vector().pointee.add
  let bias = unsafe Rows(
    UnsafeMutablePointer(mutating: bias), count: rows.count, width: rows.width, stride: 0)
  unsafe forEachPart(of: rows, rows, bias, worker: worker) { output, x, bias, count in
    unsafe kernel(x, bias, output, count)
  }
}

/// `x · a + y · b`, all `[count, width]`.
package func blend(
  _ x: Rows, by a: Float, _ y: Rows, by b: Float, into output: Rows, worker: Worker
) {
  let kernels = unsafe minke_vector()
  unsafe forEachPart(of: output, x, y, worker: worker) { output, x, y, count in
    unsafe kernels.pointee.scale(x, a, output, count)
    unsafe kernels.pointee.add_scaled(y, b, output, count)
  }
}

/// Multiplies each element of `[count, width]`, in place.
package func scale(_ rows: Rows, by factor: Float, worker: Worker) {
  let kernel = unsafe minke_vector().pointee.scale
  unsafe forEachPart(of: rows, rows, rows, worker: worker) { output, x, _, count in
    unsafe kernel(x, factor, output, count)
  }
}

/// `sigmoid(gate) · x`, all `[count, width]`; `output` may be an input. A gate of one column is one for the row.
package func sigmoidGate(_ gate: Rows, _ x: Rows, into output: Rows, worker: Worker) {
  let kernel = unsafe minke_vector().pointee.sigmoid_multiply
  if gate.width == x.width {
    unsafe forEachPart(of: output, gate, x, worker: worker) { output, gate, x, count in
      unsafe kernel(gate, x, output, count)
    }
    return
  }
  precondition(gate.width == 1 && gate.count == x.count, "a gate for each number or for each row")
  let scaleKernel = unsafe minke_vector().pointee.scale
  let (rows, columns) = worker.part(rows: output.count, columns: output.width)
  guard !columns.isEmpty else { return }
  for row in rows {
    var (one, factor): (Float, Float) = (1, 0)
    unsafe kernel(gate[row], &one, &factor, 1)
    unsafe scaleKernel(
      x[row] + columns.lowerBound, factor, output[row] + columns.lowerBound, columns.count)
  }
}

/// `cap · tanh(x / cap)` for each element of `[count, width]`, in place.
package func softCap(_ rows: Rows, at cap: Float, worker: Worker) {
  let kernel = unsafe minke_vector().pointee.soft_cap
  unsafe forEachPart(of: rows, rows, rows, worker: worker) { output, x, _, count in
    unsafe kernel(x, cap, output, count)
  }
}

/// Calls `body` with pointers to this worker's part of three matrices of one shape; see
/// ``Worker/part(rows:columns:)``.
@inline(__always)
private func forEachPart(
  of output: Rows, _ x: Rows, _ y: Rows, worker: Worker,
  _ body: (
    _ output: UnsafeMutablePointer<Float>, _ x: UnsafeMutablePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) -> Void
) {
  precondition(x.count == output.count && x.width == output.width)
  precondition(y.count == output.count && y.width == output.width)
  let (rows, columns) = worker.part(rows: output.count, columns: output.width)
  guard !columns.isEmpty else { return }
  let first = columns.lowerBound
  for row in rows {
    unsafe body(output[row] + first, x[row] + first, y[row] + first, columns.count)
  }
}
