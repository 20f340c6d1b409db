internal import MinkeTensors

/// Causal grouped-query attention (arXiv:2305.13245) with rotary positions, and where the family has
/// them biases and a norm of queries and keys.
struct Attention {
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear
  /// Norms of each query and key head, `[keyLength]`.
  let queryNorm: RMSNorm?
  let keyNorm: RMSNorm?
  let keyLength: Int
  let parameters: AttentionParameters
  /// Whether this layer sees a sliding window, and has its rotation.
  let isLocal: Bool

  /// Whether the input must be given as 8-bit integers too.
  var readsQuantized: Bool { query.readsQuantized || key.readsQuantized || value.readsQuantized }

  /// `pass.normed` `[rows, hiddenSize]` → `pass.branch` `[rows, hiddenSize]`; keys and values are written to `layer` of
  /// the sequences' caches. Ends with a barrier.
  ///
  /// - Parameter next: the product that follows, whose weights are fetched while others are waited for.
  func callAsFunction(_ pass: ForwardPass, layer: Int, next: Linear, worker: Worker) {
    pass.sums?.add(pass.normed.floats, .attention, layer: layer, worker: worker)
    // [rows, hiddenSize] → [rows, heads · keyLength] and twice [rows, keyValueHeads · keyLength]
    query(pass.normed, into: pass.queries, worker: worker)
    key(pass.normed, into: pass.keys, worker: worker)
    value(pass.normed, into: pass.values, worker: worker)
    worker.synchronize(fetching: output.weight)

    // Operations on queries divide the heads among workers in the same way: no barrier between them.
    let rotary = unsafe isLocal ? pass.localRotary : pass.rotary
    pass.gatherQueries()
    queryNorm?.normalizeHeads(pass.rotated, worker: pass.rowWorker)
    applyRotary(pass.rotated, headDimension: keyLength, table: rotary, worker: pass.rowWorker)
    unsafe appendKeysValues(
      keys: pass.keys, values: pass.values, slices: pass.slices, layer: layer, norm: keyNorm?.ofHeads,
      rotary: rotary, worker: worker)
    worker.synchronize(fetching: output.weight)

    // [rows, heads · keyLength]
    unsafe attention(
      pass.rotated, slices: pass.slices, layer: layer, parameters: parameters,
      scratch: pass.attentionScratch, into: pass.attended.floats, worker: worker)
    worker.synchronize(fetching: output.weight)
    pass.sums?.add(pass.attended.floats, .attentionOutput, layer: layer, worker: worker)
    if output.readsQuantized {
      pass.attended.quantize(worker: pass.rowWorker)
      pass.rowWorker.synchronize()
    }

    // [rows, heads · keyLength] → [rows, hiddenSize]
    output(pass.attended, into: pass.branch, worker: worker)
    worker.synchronize(fetching: next.weight)
  }
}
