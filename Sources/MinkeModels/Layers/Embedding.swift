internal import MinkeTensors

/// Token embeddings, read row by row from the mapped file as they are stored.
struct Embedding {
  /// `[vocabulary, hiddenSize]`
  let table: StoredMatrix
  let scale: Float

  /// `pass.tokens` `[rows]` → `pass.hidden` `[rows, hiddenSize]`. No barrier: rows stay with their worker.
  func callAsFunction(_ pass: ForwardPass) {
    let share = pass.rowWorker.share(of: pass.hidden.count)
    for row in share { unsafe dequantizeRow(table, row: Int(pass.tokens[row]), into: pass.hidden[row]) }
    if scale != 1 { MinkeTensors.scale(pass.hidden.rows(share), by: scale, worker: .alone) }
  }
}
