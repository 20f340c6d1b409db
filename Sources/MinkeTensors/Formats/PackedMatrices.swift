/// Packed weight matrices of one shape: one for each expert, or for each head.
///
/// They lie one after the other, or wherever a table says.
@safe
package struct PackedMatrices {
  package let format: PackedFormat
  package let type: ElementType
  package let count: Int
  /// Of each matrix.
  package let rows: Int
  package let columns: Int
  /// The first matrix.
  private let base: UnsafeMutableRawPointer
  /// Bytes from one to the next.
  package let stride: Int
  /// Where each matrix is, where they move; then `base` means nothing.
  private let table: UnsafePointer<UnsafeMutableRawPointer?>?

  /// - Parameters:
  ///   - base: ``byteCount(type:count:rows:columns:)`` bytes at a multiple of 64.
  ///   - table: `count` places, which must be filled where a matrix is used.
  package init(
    type: ElementType, count: Int, rows: Int, columns: Int, base: UnsafeMutableRawPointer,
    table: UnsafePointer<UnsafeMutableRawPointer?>? = nil
  ) {
    format = PackedFormat(type)
    self.type = type
    self.count = count
    self.rows = rows
    self.columns = columns
    unsafe self.base = base
    unsafe self.table = table
    stride = Self.matrixByteCount(type: type, rows: rows, columns: columns) ?? 0
  }

  /// Bytes of one matrix, to a whole number of cache lines; nil as in ``PackedMatrix/byteCount(type:rows:columns:)``.
  package static func matrixByteCount(type: ElementType, rows: Int, columns: Int) -> Int? {
    guard let bytes = PackedMatrix.byteCount(type: type, rows: rows, columns: columns), bytes < .max - 63
    else { return nil }
    return (bytes + 63) & -64
  }

  /// Bytes that all take; nil when they overflow.
  package static func byteCount(type: ElementType, count: Int, rows: Int, columns: Int) -> Int? {
    guard count > 0, let bytes = matrixByteCount(type: type, rows: rows, columns: columns) else { return nil }
    let (total, overflow) = bytes.multipliedReportingOverflow(by: count)
    return overflow ? nil : total
  }

  package subscript(index: Int) -> PackedMatrix {
    precondition(index >= 0 && index < count, "one of the matrices")
    guard let table = unsafe table else {
      return unsafe PackedMatrix(type: type, rows: rows, columns: columns, base: base + index * stride)
    }
    guard let place = unsafe table[index] else { preconditionFailure("the matrix is in memory") }
    return unsafe PackedMatrix(type: type, rows: rows, columns: columns, base: place)
  }

  /// Panels of each matrix.
  package var panelCount: Int { (rows + PackedFormat.panelRows - 1) / PackedFormat.panelRows }
}

// As `PackedMatrix`; who fills the table waits for those who read it.
extension PackedMatrices: @unchecked Sendable {}
