internal import MinkeTensors

/// Multi-head latent attention (arXiv:2405.04434, section 2.1) on the latents themselves.
///
/// A head's key is W·latent, so its product with a query is that of the latent with Wᵀ·query: queries go into the latent's
/// space, attention has one key for all heads, and its result is a mean of latents that each head's value matrix turns
/// into values. What is computed for a token is the same in prefill and in decode.
@safe
struct LatentAttention: SequenceMixer {
  /// Queries of all heads, of the residual stream or of their own latent.
  let query: Linear
  /// The latent of queries, and its norm.
  let queryLatent: (projection: Linear, norm: RMSNorm)?
  /// The latent and the rotated part of keys `[latent + rotary, hiddenSize]`.
  let keyLatent: Linear
  let keyNorm: RMSNorm
  /// Of each head `[latent, plain]`.
  let keyUp: PackedMatrices
  /// Of each head `[value, latent]`.
  let valueUp: PackedMatrices
  let output: Linear
  let shape: LatentAttentionConfiguration
  let keyLength: Int
  let valueLength: Int
  let parameters: AttentionParameters
  let cachePlace: KVLayerPlace

  var first: Linear { queryLatent?.projection ?? query }

  var readsQuantized: Bool { first.readsQuantized || keyLatent.readsQuantized }

  func callAsFunction(_ pass: ForwardPass, layer: Int, next: Linear, worker: Worker) {
    guard let latent = pass.latent else { preconditionFailure("a pass of such a model has latent rows") }
    pass.sums?.add(pass.normed.floats, .attention, layer: layer, worker: worker)
    // [rows, hiddenSize] → [rows, query latent] or [rows, heads · key], and [rows, latent + rotary]
    if let queryLatent {
      queryLatent.projection(pass.normed, into: latent.queryLatents.floats, worker: worker)
    } else {
      query(pass.normed, into: pass.queries, worker: worker)
    }
    keyLatent(pass.normed, into: latent.keys, worker: worker)
    worker.synchronize(fetching: query.weight)

    append(pass, latent, worker: worker)
    if let queryLatent {
      queryLatent.norm(
        latent.queryLatents.floats, into: latent.queryLatents, quantized: query.readsQuantized, worker: worker
      )
      pass.sums?.add(latent.queryLatents.floats, .queryLatent, layer: layer, worker: worker)
      // [rows, query latent] → [rows, heads · key]
      query(latent.queryLatents, into: pass.queries, worker: worker)
      worker.synchronize()
    }
    splitQueries(pass, latent, worker: worker)
    worker.synchronize()
    pass.sums?.add(latent.plain.floats, .latentKeys, layer: layer, worker: worker)
    // [rows, heads · plain] → [rows, heads · (latent + rotary)]
    headMatmul(latent.plain, keyUp, into: latent.attending, length: shape.cachedLength, worker: worker)
    worker.synchronize()

    // [rows, heads · latent]
    unsafe attention(
      latent.attending, slices: pass.slices, place: cachePlace, parameters: parameters,
      scratch: pass.attentionScratch, into: latent.attended.floats, worker: worker)
    worker.synchronize(fetching: output.weight)
    pass.sums?.add(latent.attended.floats, .latentValues, layer: layer, worker: worker)
    if valueUp.format.isInteger {
      latent.attended.quantize(worker: worker)
      worker.synchronize()
    }
    // [rows, heads · latent] → [rows, heads · value]
    headMatmul(latent.attended, valueUp, into: pass.attended.floats, length: valueLength, worker: worker)
    worker.synchronize(fetching: output.weight)
    pass.projectAttended(output, layer: layer, next: next, worker: worker)
  }

  /// Norms the latents, rotates what lies behind them and writes both to the cache. Rows stay with their worker.
  private func append(_ pass: ForwardPass, _ latent: LatentRows, worker: Worker) {
    let rows = worker.share(of: latent.keys.count)
    let latents = latent.keys.columns(0..<shape.latentLength)
    unsafe rmsNorm(
      latents.rows(rows), weight: keyNorm.weight, epsilon: keyNorm.epsilon, into: latents.rows(rows),
      worker: .alone)
    unsafe applyRotary(
      latent.keys.columns(shape.latentLength..<shape.cachedLength).rows(rows),
      headDimension: shape.rotaryLength, table: pass.rotary, firstRow: rows.lowerBound, worker: .alone)
    // Tiles of positions are divided otherwise than rows.
    worker.synchronize()
    unsafe appendKeysValues(
      keys: latent.keys, values: nil, slices: pass.slices, place: cachePlace, worker: worker)
  }

  /// Queries' plain parts side by side, and their rotated ones to the end of what attention reads.
  private func splitQueries(_ pass: ForwardPass, _ latent: LatentRows, worker: Worker) {
    let rows = worker.share(of: pass.queries.count)
    let (plain, rotary) = (shape.plainLength, shape.rotaryLength)
    for row in rows {
      for head in 0..<parameters.headCount {
        let query = unsafe pass.queries[row] + head * keyLength
        unsafe (latent.plain.floats[row] + head * plain).update(from: query, count: plain)
        let place = head * shape.cachedLength + shape.latentLength
        unsafe (latent.attending[row] + place).update(from: query + plain, count: rotary)
        unsafe applyRotary(
          latent.attending.columns(place..<place + rotary).rows(row..<row + 1), headDimension: rotary,
          table: pass.rotary, firstRow: row, worker: .alone)
      }
    }
    if keyUp.format.isInteger { latent.plain.quantize(rows: rows) }
  }
}

// MARK: Weights by name

extension LatentAttention {
  init(
    _ layer: Int, _ configuration: ModelConfiguration, _ weights: inout WeightLoader, prefix: String
  ) throws {
    guard let shape = configuration.latent else { preconditionFailure("the family has latent attention") }
    let (attention, width) = (configuration.attention, configuration.hiddenSize)
    self.shape = shape
    if let length = shape.queryLatentLength {
      queryLatent = (
        try weights.linear(prefix + "attn_q_a", inputs: width, outputs: length),
        try weights.norm(prefix + "attn_q_a_norm", width: length)
      )
      query = try weights.linear(prefix + "attn_q_b", inputs: length, outputs: attention.queryWidth)
    } else {
      queryLatent = nil
      query = try weights.linear(prefix + "attn_q", inputs: width, outputs: attention.queryWidth)
    }
    keyLatent = try weights.linear(prefix + "attn_kv_a_mqa", inputs: width, outputs: shape.cachedLength)
    keyNorm = try weights.norm(prefix + "attn_kv_a_norm", width: shape.latentLength)
    (keyUp, valueUp) = try weights.latentUpMatrices(
      prefix, heads: attention.headCount, plain: shape.plainLength, value: attention.valueLength,
      latent: shape.latentLength)
    output = try weights.linear(prefix + "attn_output", inputs: attention.outputWidth, outputs: width)
    keyLength = attention.keyLength
    valueLength = attention.valueLength
    cachePlace = configuration.cachePlace(of: layer)
    parameters = AttentionParameters(headCount: attention.headCount, scale: attention.scale)
  }
}
