internal import MinkeCheckpoints
internal import MinkeTensors

/// Some rows of a tensor as columns: row `i` holds element `i` of each.
///
/// Blocks of quantised rows have no columns: they become halves.
struct TurnedRows: Sendable {
  let source: CheckpointTensor.FloatRows
  let rows: Range<Int>
  /// Elements of a row of the source.
  let columns: Int

  /// What the elements of a tensor become.
  static func type(of source: ElementType) -> ElementType {
    switch source {
    case .f32, .bf16: source
    default: .f16
    }
  }

  /// Packs `panels` of the matrix of this many columns.
  func pack(into matrix: PackedMatrix, panels: Range<Int>) {
    let part =
      panels.lowerBound
      * PackedFormat.panelRows..<min(
        matrix.rows, panels.upperBound * PackedFormat.panelRows)
    guard !part.isEmpty else { return }
    var turned = [Float](repeating: 0, count: part.count * rows.count)
    var row = [Float](repeating: 0, count: columns)
    for (column, index) in rows.enumerated() {
      unsafe row.withUnsafeMutableBufferPointer { buffer in
        if let base = buffer.baseAddress { unsafe source.read(row: index, into: base) }
      }
      for (place, element) in part.enumerated() { turned[place * rows.count + column] = row[element] }
    }
    let rowBytes = matrix.type.byteCount(columns: rows.count) ?? 0
    var bytes = [UInt8](repeating: 0, count: part.count * rowBytes)
    unsafe bytes.withUnsafeMutableBytes { bytes in
      unsafe turned.withUnsafeBufferPointer { turned in
        for place in 0..<part.count {
          unsafe FloatRow.encode(
            UnsafeBufferPointer(rebasing: turned[place * rows.count..<(place + 1) * rows.count]),
            as: matrix.type,
            into: UnsafeMutableRawBufferPointer(rebasing: bytes[place * rowBytes..<(place + 1) * rowBytes]))
        }
      }
      let stored = try? unsafe StoredMatrix(
        type: matrix.type, rows: part.count, columns: rows.count, bytes: UnsafeRawBufferPointer(bytes))
      if let stored { matrix.pack(stored, from: panels.lowerBound) }
    }
  }
}
