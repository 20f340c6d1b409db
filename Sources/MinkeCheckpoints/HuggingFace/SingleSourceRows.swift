internal import MinkeTensors

/// Rows that are each made of one safetensors tensor: what is copied of it, or decoded, row by row.
protocol SingleSourceRows: RowSource {
  var source: SafetensorsTensor { get }
  /// Elements of a row.
  var columns: Int { get }
  /// Whether rows are bytes of the source's as they are.
  var keepsBytes: Bool { get }

  /// Copies a row's bytes to memory of just their size; only where ``keepsBytes``.
  func copy(_ row: Int, of bytes: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer)
  /// Writes a row as float32.
  func decode(_ row: Int, of bytes: UnsafeRawBufferPointer, into floats: UnsafeMutableBufferPointer<Float>)
}

extension SingleSourceRows {
  var path: String { source.file.path }

  func read(_ range: Range<Int>, into memory: UnsafeMutableRawBufferPointer) {
    let rowBytes = type.byteCount(columns: columns) ?? 0
    func place(_ place: Int) -> UnsafeMutableRawBufferPointer {
      unsafe UnsafeMutableRawBufferPointer(rebasing: memory[place * rowBytes..<(place + 1) * rowBytes])
    }
    unsafe source.file.withBytes(in: source.byteRange) { bytes in
      if keepsBytes {
        for (index, row) in range.enumerated() { unsafe copy(row, of: bytes, into: place(index)) }
        return
      }
      unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { floats in
        for (index, row) in range.enumerated() {
          unsafe decode(row, of: bytes, into: floats)
          unsafe FloatRow.encode(UnsafeBufferPointer(floats), as: type, into: place(index))
        }
      }
    }
  }

  func readFloats(_ range: Range<Int>, into memory: UnsafeMutableBufferPointer<Float>) {
    unsafe source.file.withBytes(in: source.byteRange) { bytes in
      for (index, row) in range.enumerated() {
        unsafe decode(
          row, of: bytes,
          into: UnsafeMutableBufferPointer(rebasing: memory[index * columns..<(index + 1) * columns]))
      }
    }
  }
}
