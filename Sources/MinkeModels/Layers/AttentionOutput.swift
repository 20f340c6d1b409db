internal import MinkeTensors

extension ForwardPass {
  /// What every kind of attention ends with: `attended` `[rows, width of all heads]`, which is complete, through `output`
  /// → `branch` `[rows, hiddenSize]`. Ends with a barrier.
  ///
  /// - Parameter next: the product that follows, whose weights are fetched while others are waited for.
  func projectAttended(_ output: Linear, layer: Int, next: Linear, worker: Worker) {
    sums?.add(attended.floats, .attentionOutput, layer: layer, worker: worker)
    if output.readsQuantized {
      attended.quantize(worker: rowWorker)
      rowWorker.synchronize()
    }
    output(attended, into: branch, worker: worker)
    worker.synchronize(fetching: next.weight)
  }
}
