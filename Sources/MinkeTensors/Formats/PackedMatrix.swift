internal import CMinkeKernels

/// A weight matrix in the layout that kernels read: panels of 32 rows, one contiguous stream each.
///
/// Trivial and unowned: the arena that its bytes were cut from must outlive it.
@safe
package struct PackedMatrix {
  package let format: PackedFormat
  package let type: ElementType
  package let rows: Int
  package let columns: Int
  /// The first panel, at a multiple of 64 bytes.
  package let base: UnsafeMutableRawPointer

  /// A matrix to be filled by ``pack(_:worker:)``.
  ///
  /// - Parameter base: ``byteCount(type:rows:columns:)`` bytes at a multiple of 64, as an ``Arena`` cuts them.
  package init(type: ElementType, rows: Int, columns: Int, base: UnsafeMutableRawPointer) {
    precondition(Int(bitPattern: base).isMultiple(of: 64), "packed weights begin at a cache line")
    format = PackedFormat(type)
    self.type = type
    self.rows = rows
    self.columns = columns
    unsafe self.base = base
  }

  /// Bytes that a matrix takes when packed, or nil when they overflow or `columns` is not a whole number of blocks.
  package static func byteCount(type: ElementType, rows: Int, columns: Int) -> Int? {
    guard rows > 0, columns > 0, columns <= Int.max / 4096, type.byteCount(columns: columns) != nil,
      rows <= Int.max - PackedFormat.panelRows
    else { return nil }
    let panels = (rows + PackedFormat.panelRows - 1) / PackedFormat.panelRows
    let panelBytes = PackedFormat(type).panelByteCount(columns: columns)
    let (bytes, overflow) = panels.multipliedReportingOverflow(by: panelBytes)
    return overflow ? nil : bytes
  }

  package var panelCount: Int { (rows + PackedFormat.panelRows - 1) / PackedFormat.panelRows }

  /// Where a worker begins to read, in a product with few tokens.
  package func firstPanel(of worker: Worker) -> UnsafeMutableRawPointer {
    unsafe base + worker.share(of: panelCount).lowerBound * format.panelByteCount(columns: columns)
  }
}

// Written by `pack` alone, whose workers write different panels; only read afterwards.
extension PackedMatrix: @unchecked Sendable {}

extension PackedMatrix {
  /// Packs this worker's share of the panels. All are packed when every worker has returned.
  ///
  /// - Parameter stored: A matrix of the same type and size. Its bytes are not needed afterwards.
  package func pack(_ stored: StoredMatrix, worker: Worker) {
    pack(stored, panels: worker.share(of: panelCount))
  }

  /// Packs some of the panels.
  package func pack(_ stored: StoredMatrix, panels: Range<Int>) {
    precondition(
      stored.type == type && stored.rows == rows && stored.columns == columns, "the matrix that was announced"
    )
    precondition(panels.lowerBound >= 0 && panels.upperBound <= panelCount, "panels of this matrix")
    for panel in panels { pack(stored, row: panel * PackedFormat.panelRows, into: panel) }
  }

  /// Packs whole panels, or the last ones, from `panel` on: as many as `part` has rows for.
  package func pack(_ part: StoredMatrix, from panel: Int) {
    let first = panel * PackedFormat.panelRows
    precondition(part.type == type && part.columns == columns, "rows of the matrix that was announced")
    precondition(
      panel >= 0 && first + part.rows <= rows
        && (part.rows.isMultiple(of: PackedFormat.panelRows) || first + part.rows == rows),
      "panels of this matrix")
    for row in stride(from: 0, to: part.rows, by: PackedFormat.panelRows) {
      pack(part, row: row, into: panel + row / PackedFormat.panelRows)
    }
  }

  /// Packs one panel, from row `row` of `stored` on.
  private func pack(_ stored: StoredMatrix, row: Int, into panel: Int) {
    let panelBytes = format.panelByteCount(columns: columns)
    unsafe minke_pack_panel(
      type.rawValue, stored.bytes + row * stored.rowByteCount, stored.rowByteCount,
      min(PackedFormat.panelRows, stored.rows - row), columns,
      (base + panel * panelBytes).assumingMemoryBound(to: UInt8.self))
  }
}
