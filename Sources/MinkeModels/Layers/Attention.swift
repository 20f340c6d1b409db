internal import MinkeTensors

/// Causal grouped-query attention (arXiv:2305.13245) with rotary positions, and where the family has
/// them biases and a norm of queries and keys.
struct Attention: SequenceMixer {
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear
  /// Norms of each query and key head, `[keyLength]`.
  let queryNorm: RMSNorm?
  let keyNorm: RMSNorm?
  /// Norms of all heads of a row together, `[heads · keyLength]` and `[keyValueHeads · keyLength]`.
  let rowNorms: (query: RMSNorm, key: RMSNorm)?
  let keyLength: Int
  let parameters: AttentionParameters
  let cachePlace: KVLayerPlace
  /// Whether this layer sees a sliding window, and has its rotation.
  let isLocal: Bool

  var first: Linear { query }

  /// Whether the input must be given as 8-bit integers too.
  var readsQuantized: Bool { query.readsQuantized || key.readsQuantized || value.readsQuantized }

  func callAsFunction(_ pass: ForwardPass, layer: Int, next: Linear, worker: Worker) {
    pass.sums?.add(pass.normed.floats, .attention, layer: layer, worker: worker)
    // [rows, hiddenSize] → [rows, heads · keyLength] and twice [rows, keyValueHeads · keyLength]
    query(pass.normed, into: pass.queries, worker: worker)
    key(pass.normed, into: pass.keys, worker: worker)
    value(pass.normed, into: pass.values, worker: worker)
    worker.synchronize(fetching: output.weight)

    if let rowNorms {
      rowNorms.query.normalize(pass.queries, worker: worker)
      rowNorms.key.normalize(pass.keys, worker: worker)
      worker.synchronize()
    }

    // Operations on queries divide the heads among workers in the same way: no barrier between them.
    let rotary = unsafe isLocal ? pass.localRotary : pass.rotary
    pass.gatherQueries()
    queryNorm?.normalizeHeads(pass.rotated, worker: pass.rowWorker)
    applyRotary(pass.rotated, headDimension: keyLength, table: rotary, worker: pass.rowWorker)
    unsafe appendKeysValues(
      keys: pass.keys, values: pass.values, slices: pass.slices, place: cachePlace, norm: keyNorm?.ofHeads,
      rotary: rotary, worker: worker)
    worker.synchronize(fetching: output.weight)

    // [rows, heads · keyLength]
    unsafe attention(
      pass.rotated, slices: pass.slices, place: cachePlace, parameters: parameters,
      scratch: pass.attentionScratch, into: pass.attended.floats, worker: worker)
    worker.synchronize(fetching: output.weight)
    pass.projectAttended(output, layer: layer, next: next, worker: worker)
  }
}

// MARK: Weights by name

extension Attention {
  init(
    _ layer: Int, _ configuration: ModelConfiguration, _ weights: inout WeightLoader, prefix: String
  ) throws {
    let shape = configuration.attention
    let width = configuration.hiddenSize
    cachePlace = configuration.cachePlace(of: layer)
    isLocal = configuration.isLocal(layer: layer)
    query = try weights.linear(prefix + "attn_q", inputs: width, outputs: shape.queryWidth)
    key = try weights.linear(prefix + "attn_k", inputs: width, outputs: shape.keyWidth)
    value = try weights.linear(prefix + "attn_v", inputs: width, outputs: shape.keyWidth)
    output = try weights.linear(prefix + "attn_output", inputs: shape.queryWidth, outputs: width)
    func norms(_ query: Int, _ key: Int, _ weights: inout WeightLoader) throws -> (RMSNorm, RMSNorm) {
      (
        try weights.norm(prefix + "attn_q_norm", width: query),
        try weights.norm(prefix + "attn_k_norm", width: key)
      )
    }
    switch shape.normalization {
    case .none: (queryNorm, keyNorm, rowNorms) = (nil, nil, nil)
    case .head:
      (queryNorm, keyNorm) = try norms(shape.keyLength, shape.keyLength, &weights)
      rowNorms = nil
    case .row:
      (queryNorm, keyNorm) = (nil, nil)
      rowNorms = try norms(shape.queryWidth, shape.keyWidth, &weights)
    }
    keyLength = shape.keyLength
    parameters = AttentionParameters(
      headCount: shape.headCount, scale: shape.scale, softCap: shape.softCap,
      window: isLocal ? shape.slidingWindow?.size : nil)
  }
}
