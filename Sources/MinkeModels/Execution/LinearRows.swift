internal import MinkeTensors

/// What linear attention reads and writes in a pass: a trivial view of a workspace's arena.
struct LinearRows {
  /// Query, key and value of head after head `[rows, 3 · width]`.
  var heads: Rows
  /// `[rows, width]`
  var gate: Rows

  /// - Parameters:
  ///   - width: of all heads together.
  ///   - rows: of the largest batch.
  init(_ arena: Arena, width: Int, rows: Int) throws(TensorError) {
    heads = try arena.rows(count: rows, width: 3 * width)
    gate = try arena.rows(count: rows, width: width)
  }

  /// Bytes of each part, nil where they overflow.
  static func parts(width: Int, rows: Int) -> [Int?] {
    [Arena.byteCount(rows: rows, width: 3 * width), Arena.byteCount(rows: rows, width: width)]
  }

  /// The views of a pass over `count` rows.
  func first(_ count: Int) -> LinearRows {
    var part = self
    part.heads = heads.rows(0..<count)
    part.gate = gate.rows(0..<count)
    return part
  }
}
