internal import MinkeTensors

/// Final norm and projection to the vocabulary, for the rows whose logits are wanted.
@safe
struct OutputHead {
  let norm: RMSNorm
  /// The output matrix, or the embedding where the two are tied.
  let projection: Linear
  /// Logits become cap·tanh(logit / cap).
  let softCap: Float?

  /// residual stream `[rows, hiddenSize]` → logits `[pass.logitRows, vocabulary]`. Ends with a barrier.
  ///
  /// Where embeddings are wanted, the norm of all rows, `[rows, hiddenSize]`, goes there instead.
  func callAsFunction(_ pass: ForwardPass, worker: Worker) {
    if let embeddings = pass.embeddings {
      // A worker's share are rows that it has done itself, also where each has all of few.
      let share = worker.share(of: embeddings.count)
      norm.apply(pass.hidden.rows(share), into: embeddings.rows(share))
      worker.synchronize()
      return
    }
    guard pass.logits.count > 0 else { return }
    // The chosen rows [logitRows, hiddenSize], of any worker
    pass.rowWorker.synchronize()
    let share = pass.rowWorker.share(of: pass.logits.count)
    for row in share {
      let source = unsafe UnsafeBufferPointer(pass.hidden.buffer(row: Int(pass.logitRows[row])))
      _ = unsafe pass.headInput.floats.buffer(row: row).update(fromContentsOf: source)
    }
    norm(
      pass.headInput.floats, into: pass.headInput, quantized: projection.readsQuantized,
      worker: pass.rowWorker)
    pass.sums?.add(pass.headInput.floats, .output, worker: worker)
    // [logitRows, hiddenSize] → [logitRows, vocabulary]
    projection(pass.headInput, into: pass.logits, worker: worker)
    worker.synchronize()
    if let softCap {
      MinkeTensors.softCap(pass.logits, at: softCap, worker: worker)
      worker.synchronize()
    }
  }
}

// MARK: Weights by name

extension OutputHead {
  init(_ configuration: ModelConfiguration, _ weights: inout WeightLoader) throws {
    norm = try weights.norm("output_norm", width: configuration.hiddenSize)
    projection = try weights.outputProjection()
    softCap = configuration.logitSoftCap
  }
}
