internal import CMinkeKernels

/// The gate and up products of a batch's experts, activated: row `p` of `output` is pair `p` of `groups`.
///
/// Each worker computes its share, as ``matmul(_:_:bias:into:worker:)`` does, and the bits of a pair's result are those
/// of its row and its expert alone.
///
/// - Parameters:
///   - input: `[pairs, columns]` as ``gather(_:_:quantized:into:worker:)`` leaves it, or the one row of a batch.
///   - output: `[pairs, rows of gate]`; only its quantised form is written if `quantized`, else only its floats.
package func expertGatedMatmul(
  _ input: MatmulInput, _ groups: ExpertGroups, gate: PackedMatrices, up: PackedMatrices,
  activation: GateActivation, into output: MatmulInput, quantized: Bool, worker: Worker
) {
  precondition(gate.rows == up.rows && gate.columns == up.columns && gate.count == up.count)
  precondition(output.floats.width == gate.rows && output.floats.count >= groups.pairCount)
  forEachStep(groups, gate, worker) { expert, pairs, step in
    // A batch's only row is not gathered.
    unsafe gatedMatmul(
      groups.rowCount == 1 ? input.first(1) : input.rows(pairs), gate: (gate[expert], nil),
      up: (up[expert], nil), activation: activation,
      into: output.rows(pairs), quantized: quantized, panels: step.panels, groups: step.groups)
  }
}

/// The product of each pair of a row and an expert: row `p` of `output` is pair `p` of `groups`.
package func expertMatmul(
  _ input: MatmulInput, _ groups: ExpertGroups, _ weights: PackedMatrices, into output: Rows, worker: Worker
) {
  precondition(output.width == weights.rows && output.count >= groups.pairCount)
  forEachStep(groups, weights, worker) { expert, pairs, step in
    matmul(
      input.rows(pairs), weights[expert], into: output.rows(pairs), panels: step.panels, groups: step.groups)
  }
}

/// Brings the rows of `input` into the order of pairs, each expert's rows side by side.
///
/// - Parameters:
///   - blocks: whether in 8 bits, as integer formats read them.
///   - floats: whether as floats, as float formats read them.
package func gather(
  _ input: MatmulInput, _ groups: ExpertGroups, blocks: Bool, floats: Bool, into output: MatmulInput,
  worker: Worker
) {
  precondition(input.floats.width == output.floats.width && output.floats.count >= groups.pairCount)
  for number in 0..<groups.activeCount {
    let pairs = groups.pairs(of: groups.active(number))
    let part = output.rows(pairs)
    for place in worker.share(of: pairs.count) {
      let row = groups.row(of: pairs.lowerBound + place)
      if blocks { part.copyBlocks(from: input, row: row, to: place) }
      if floats {
        _ = unsafe part.floats.buffer(row: place).update(
          fromContentsOf: UnsafeBufferPointer(input.floats.buffer(row: row)))
      }
    }
  }
}

/// output[row] (+)= Σ over the row's experts in their order: factor · result of the pair.
///
/// - Parameters:
///   - results: `[pairs, width]`
///   - factors: of row after row `[rows · experts of a row]`.
///   - accumulate: whether `output` holds something already that is added to.
package func combineExperts(
  _ results: Rows, _ groups: ExpertGroups, factors: UnsafePointer<Float>, into output: Rows, accumulate: Bool,
  worker: Worker
) {
  precondition(results.width == output.width && output.count == groups.rowCount)
  let kernels = unsafe minke_vector()
  let (rows, columns) = worker.part(rows: output.count, columns: output.width)
  guard !columns.isEmpty else { return }
  for row in rows {
    let out = unsafe output[row] + columns.lowerBound
    if !accumulate { unsafe out.update(repeating: 0, count: columns.count) }
    for rank in 0..<groups.usedCount {
      let result = unsafe results[groups.pair(row: row, rank: rank)] + columns.lowerBound
      unsafe kernels.pointee.add_scaled(result, factors[row * groups.usedCount + rank], out, columns.count)
    }
  }
}

/// Calls `body` for each step of this worker's part of all experts' products.
///
/// The experts' panels are one list: with few rows each worker has a fixed part of it, with many they take turns.
@inline(__always)
private func forEachStep(
  _ groups: ExpertGroups, _ weights: PackedMatrices, _ worker: Worker,
  _ body: (_ expert: Int, _ pairs: Range<Int>, _ step: (panels: Range<Int>, groups: Range<Int>)) -> Void
) {
  func schedule(_ pairs: Range<Int>) -> MatmulSchedule {
    MatmulSchedule(panels: weights.panelCount, tokens: pairs.count, columns: weights.columns, workers: 1)
  }
  var total = 0
  for number in 0..<groups.activeCount {
    total += schedule(groups.pairs(of: groups.active(number))).itemCount
  }
  func perform(_ range: Range<Int>) {
    var first = 0
    for number in 0..<groups.activeCount where first < range.upperBound {
      let expert = groups.active(number)
      let pairs = groups.pairs(of: expert)
      let schedule = schedule(pairs)
      var items = range.clamped(to: first..<first + schedule.itemCount)
      items = items.lowerBound - first..<items.upperBound - first
      while let step = schedule.nextStep(&items) { body(expert, pairs, step) }
      first += schedule.itemCount
    }
  }
  if worker.count > 1, groups.rowCount >= MatmulSchedule.leastSharedTokens {
    worker.takeTurns(total, step: max(1, total / (16 * worker.count)), perform)
  } else {
    perform(worker.share(of: total))
  }
}
