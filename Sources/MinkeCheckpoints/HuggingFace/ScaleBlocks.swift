/// Scales of an 8-bit matrix, one for each block of so many rows and columns: element × scale is the weight's value,
/// although publishers call the tensor `weight_scale_inv` (DeepSeek V3's report, arXiv:2412.19437, section 3.3).
struct ScaleBlocks: Sendable {
  let values: [Float]
  let layout: ScaleLayout

  /// Multiplies the elements of a row by their scales.
  func multiply(_ row: UnsafeMutableBufferPointer<Float>, row index: Int) {
    let first = index / layout.blockRows * layout.across
    for (block, start) in stride(from: 0, to: row.count, by: layout.blockColumns).enumerated() {
      let scale = values[first + block]
      for column in start..<min(start + layout.blockColumns, row.count) { unsafe row[column] *= scale }
    }
  }
}

extension ScaleBlocks {
  /// What one element is multiplied by.
  func scale(row: Int, column: Int) -> Float {
    values[row / layout.blockRows * layout.across + column / layout.blockColumns]
  }
}

/// How a matrix is divided into blocks of one scale each.
struct ScaleLayout: Sendable {
  let blockRows: Int
  let blockColumns: Int
  /// Blocks side by side.
  let across: Int
  let count: Int

  /// What DeepSeek publishes.
  private static let usual = (rows: 128, columns: 128)

  /// One scale for the tensor, one for each row, or one for each block, whose size the configuration states.
  init(
    of scales: SafetensorsTensor, for matrix: SafetensorsTensor, stated: (rows: Int, columns: Int)?
  ) throws(CheckpointError) {
    guard matrix.shape.count == 2 else {
      throw FolderTensors.failure(.unsupported, matrix, "a vector of 8-bit floats", "a matrix")
    }
    let (rows, columns) = (matrix.shape[0], matrix.shape[1])
    let block = stated ?? Self.usual
    func blocks(_ size: Int, _ step: Int) -> Int { (size - 1) / step + 1 }
    switch scales.shape {
    case [], [1], [1, 1]: (blockRows, blockColumns) = (rows, columns)
    case [rows], [rows, 1]: (blockRows, blockColumns) = (1, columns)
    case [blocks(rows, block.rows), blocks(columns, block.columns)]:
      (blockRows, blockColumns) = (block.rows, block.columns)
    default:
      throw FolderTensors.failure(
        .malformed, scales, "the shape \(scales.shape)",
        "[\(blocks(rows, block.rows)), \(blocks(columns, block.columns))] for blocks of \(block.rows) × "
          + "\(block.columns), [\(rows), 1] for rows, or one")
    }
    across = blocks(columns, blockColumns)
    count = across * blocks(rows, blockRows)
    guard [.float32, .float16, .bfloat16].contains(scales.type) else {
      throw FolderTensors.failure(
        .unsupported, scales, "type \(scales.type.rawValue)", "F32, F16 or BF16 for scales")
    }
  }

  /// - Throws: when the scales are not there, or not numbers.
  func read(_ scales: SafetensorsTensor) throws(CheckpointError) -> ScaleBlocks {
    try scales.checkExtent()
    var values = [Float](repeating: 0, count: count)
    unsafe scales.file.withBytes(in: scales.byteRange) { bytes in
      unsafe values.withUnsafeMutableBufferPointer { unsafe FloatRow.decode(bytes, scales.type, into: $0) }
    }
    guard values.allSatisfy(\.isFinite) else {
      throw CheckpointError(
        .outOfRange, path: scales.file.path, at: .tensor(scales.name), found: "a scale that is not a number",
        expected: "numbers")
    }
    return ScaleBlocks(values: values, layout: self)
  }
}
