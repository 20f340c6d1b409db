package import MinkeTensors

/// A model whose weights can be read as floats, whatever form it lies in.
package protocol WeightSource: Sendable {
  /// For messages, and what a target must not overwrite: every file of the model.
  var paths: [String] { get }
  /// What a GGUF file of the model says, in order.
  var metadata: Metadata { get }
  /// Every tensor, checked to be there.
  func sourceTensors() throws(CheckpointError) -> [any SourceTensor]
}

/// A tensor of a ``WeightSource``.
package protocol SourceTensor: Sendable {
  var name: String { get }
  /// The shape in file order: the first dimension is the one that is contiguous (the columns).
  var dimensions: [Int] { get }
  /// How its elements are stored.
  var type: ElementType { get }

  /// Writes a row's elements as floats. Called on any thread, for several rows at once.
  func read(row: Int, into values: UnsafeMutablePointer<Float>)
  /// The rows have been read: their memory can be given back.
  func release(rows: Range<Int>)
  /// Writes the elements as they are stored.
  func copy(to sink: inout TensorSink) throws(CheckpointError)
}

extension SourceTensor {
  var columns: Int { dimensions[0] }
  /// Rows in all: the product of all dimensions but the first.
  var rows: Int { dimensions.dropFirst().reduce(1, *) }
  /// Bytes as stored.
  var byteCount: Int { (type.byteCount(columns: columns) ?? 0) * rows }
}

// MARK: GGUF

extension GGUFFile: WeightSource {
  package var paths: [String] { parts.map(\.path) }

  package func sourceTensors() throws(CheckpointError) -> [any SourceTensor] {
    var result: [any SourceTensor] = []
    for record in tensors {
      let tensor = try tensor(named: record.name)
      result.append(GGUFSourceTensor(tensor: tensor, matrix: try tensor.matrix))
    }
    return result
  }
}

/// A tensor of a mapped file.
private struct GGUFSourceTensor: SourceTensor {
  let tensor: StoredTensor
  /// Its bytes stay mapped for as long as `tensor` is held.
  let matrix: StoredMatrix

  var name: String { tensor.name }
  var dimensions: [Int] { tensor.dimensions }
  var type: ElementType { tensor.type }

  func read(row: Int, into values: UnsafeMutablePointer<Float>) {
    unsafe dequantizeRow(matrix, row: row, into: values)
  }

  func release(rows: Range<Int>) {
    let start = tensor.byteRange.lowerBound
    tensor.file.releasePages(
      of: start + rows.lowerBound * matrix.rowByteCount..<start + rows.upperBound * matrix.rowByteCount)
  }

  func copy(to sink: inout TensorSink) throws(CheckpointError) {
    // A megabyte at a time, so that little of the file is held in memory.
    let rows = max(1, (1 << 20) / matrix.rowByteCount)
    let start = tensor.byteRange.lowerBound
    for row in stride(from: 0, to: matrix.rows, by: rows) {
      let part = row..<min(row + rows, matrix.rows)
      let range =
        start + part.lowerBound * matrix.rowByteCount..<start + part.upperBound * matrix.rowByteCount
      try unsafe tensor.file.withBytes(in: range) { bytes throws(CheckpointError) in
        // Bytes are bytes.
        try sink.write(unsafe bytes.bindMemory(to: UInt8.self).span)
      }
      release(rows: part)
    }
  }
}
