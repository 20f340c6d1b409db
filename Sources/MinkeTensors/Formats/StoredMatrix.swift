internal import CMinkeKernels

/// A row-major weight matrix as it lies in a mapped file.
///
/// Trivial and unowned: whoever mapped the file keeps it alive. The sizes are checked against the bytes there are
/// when the value is made, so nothing that reads it needs to check again.
@safe
package struct StoredMatrix {
  package let type: ElementType
  package let rows: Int
  /// Elements of a row: a whole number of the type's blocks.
  package let columns: Int
  /// The first row's first byte; not necessarily aligned.
  package let bytes: UnsafeRawPointer
  /// Bytes from one row to the next.
  package let rowByteCount: Int

  /// - Parameter bytes: At least the bytes of all rows.
  /// - Throws: ``TensorError`` when the columns are not whole blocks or the bytes are too few.
  package init(
    type: ElementType, rows: Int, columns: Int, bytes: UnsafeRawBufferPointer
  ) throws(TensorError) {
    // Made for an error only: parts of a matrix are cut while a model runs.
    var subject: String { "\(type) matrix of \(rows) × \(columns)" }
    guard rows > 0, columns > 0 else {
      throw TensorError(subject, found: "an empty matrix", expected: "at least one row and one column")
    }
    guard let rowByteCount = type.byteCount(columns: columns) else {
      throw TensorError(
        subject, found: "rows of \(columns) elements", expected: "a multiple of \(type.blockSize)")
    }
    let (byteCount, overflow) = rowByteCount.multipliedReportingOverflow(by: rows)
    guard !overflow, byteCount <= bytes.count, let base = bytes.baseAddress else {
      throw TensorError(
        subject, found: "\(bytes.count) bytes",
        expected: overflow ? "a size that fits the address space" : "\(byteCount) bytes")
    }
    self.type = type
    self.rows = rows
    self.columns = columns
    unsafe self.bytes = base
    self.rowByteCount = rowByteCount
  }
}

extension StoredMatrix {
  /// Some of the rows; nil where there are no such rows.
  package func rows(_ range: Range<Int>) -> StoredMatrix? {
    guard !range.isEmpty, range.lowerBound >= 0, range.upperBound <= rows else { return nil }
    return try? unsafe StoredMatrix(
      type: type, rows: range.count, columns: columns,
      bytes: UnsafeRawBufferPointer(
        start: bytes + range.lowerBound * rowByteCount, count: range.count * rowByteCount))
  }
}

// Read-only memory that outlives it.
extension StoredMatrix: @unchecked Sendable {}

/// Writes the `columns` elements of one row as floats, with exactly GGML's values.
package func dequantizeRow(_ stored: StoredMatrix, row: Int, into out: UnsafeMutablePointer<Float>) {
  precondition(row >= 0 && row < stored.rows, "row within the matrix")
  let known = unsafe minke_dequantize_row(
    stored.type.rawValue, stored.bytes + row * stored.rowByteCount, stored.columns, out)
  assert(known, "every element type can be dequantised")
}
