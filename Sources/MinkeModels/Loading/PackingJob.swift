internal import MinkeCheckpoints
internal import MinkeTensors

/// One tensor, or one matrix of several in a tensor, and its place in memory.
@safe
struct PackingJob: @unchecked Sendable {
  // Sendable by hand: workers write different panels, and read what nobody writes.

  /// The tensor keeps the bytes of its matrix mapped.
  @unsafe enum Contents {
    case floats(StoredTensor, StoredMatrix, UnsafeMutablePointer<Float>)
    /// Rows of a tensor from `first` on: where they lie in a file they are read there (all rows of the tensor are one
    /// stored matrix), else worked out.
    case rows(CheckpointTensor, StoredMatrix?, PackedMatrix, first: Int)
    /// Columns that become rows.
    case turned(TurnedRows, PackedMatrix)
  }

  let contents: Contents

  func run(_ worker: Worker) {
    switch unsafe contents {
    case .floats(_, let stored, let place):
      if worker.index == 0 { unsafe dequantizeRow(stored, row: 0, into: place) }
    case .rows(let tensor, .some(let stored), let matrix, let first):
      forEachStep(of: tensor, matrix, from: first, worker) { panels, rows in
        if let part = stored.rows(rows) { matrix.pack(part, from: panels.lowerBound) }
      }
    case .rows(let tensor, nil, let matrix, let first):
      var memory: [UInt8] = []
      forEachStep(of: tensor, matrix, from: first, worker) { panels, rows in
        let count = rows.count * tensor.rowByteCount
        if memory.count < count { memory = [UInt8](repeating: 0, count: count) }
        unsafe memory.withUnsafeMutableBytes { bytes in
          unsafe tensor.readRows(rows, into: bytes)
          // The memory holds these rows.
          let part = try? unsafe StoredMatrix(
            type: tensor.type, rows: rows.count, columns: tensor.columns, bytes: UnsafeRawBufferPointer(bytes)
          )
          if let part { matrix.pack(part, from: panels.lowerBound) }
        }
      }
    case .turned(let rows, let matrix): rows.pack(into: matrix, panels: worker.share(of: matrix.panelCount))
    }
  }

  /// Calls `body` with the worker's panels, about a megabyte at a time, and their rows of the tensor; then gives back the
  /// mapped pages that they came from. So few pages are held beside their packed form, and few are read in again because
  /// a release cut through them.
  private func forEachStep(
    of tensor: CheckpointTensor, _ matrix: PackedMatrix, from first: Int, _ worker: Worker,
    _ body: (Range<Int>, Range<Int>) -> Void
  ) {
    let panelsPerStep = max(1, (1 << 20) / (tensor.rowByteCount * PackedFormat.panelRows))
    var rest = worker.share(of: matrix.panelCount)
    while !rest.isEmpty {
      let panels = rest.prefix(panelsPerStep)
      let rows =
        first + panels.lowerBound
        * PackedFormat.panelRows..<first + min(panels.upperBound * PackedFormat.panelRows, matrix.rows)
      body(panels, rows)
      tensor.releasePages(ofRows: rows)
      rest = rest.dropFirst(panels.count)
    }
  }
}
