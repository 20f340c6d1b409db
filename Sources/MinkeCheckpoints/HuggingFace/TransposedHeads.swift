internal import MinkeTensors

/// Of a matrix whose rows are heads of so many each, the first rows of every head, transposed: row `h · columns + c` of the
/// result is column `c` of head `h`.
///
/// GGUF has the half of DeepSeek's `kv_b_proj` that makes keys so (`attn_k_b`), which multiplies queries instead of
/// latents then (DeepSeek-V2, arXiv:2405.04434, section 2.1.2).
struct TransposedHeads: RowSource {
  let source: SafetensorsTensor
  /// Rows of a head that are taken, which are the columns of the result.
  let taken: Int
  /// Rows of a head.
  let headRows: Int
  let type: ElementType
  var scales: ScaleBlocks?

  var path: String { source.file.path }

  private var sourceColumns: Int { source.shape[1] }
  private var elementBytes: Int { source.type.byteCount }
  private var keepsBytes: Bool { scales == nil && source.type.element == type }

  func read(_ range: Range<Int>, into memory: UnsafeMutableRawBufferPointer) {
    let rowBytes = type.byteCount(columns: taken) ?? 0
    unsafe source.file.withBytes(in: source.byteRange) { bytes in
      if keepsBytes {
        for (place, row) in range.enumerated() {
          unsafe gather(
            row, bytes,
            into: UnsafeMutableRawBufferPointer(rebasing: memory[place * rowBytes..<(place + 1) * rowBytes]))
        }
        return
      }
      unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: taken) { floats in
        for (place, row) in range.enumerated() {
          unsafe decode(row, bytes, into: floats)
          unsafe FloatRow.encode(
            UnsafeBufferPointer(floats), as: type,
            into: UnsafeMutableRawBufferPointer(rebasing: memory[place * rowBytes..<(place + 1) * rowBytes]))
        }
      }
    }
  }

  func readFloats(_ range: Range<Int>, into memory: UnsafeMutableBufferPointer<Float>) {
    unsafe source.file.withBytes(in: source.byteRange) { bytes in
      for (place, row) in range.enumerated() {
        unsafe decode(
          row, bytes,
          into: UnsafeMutableBufferPointer(rebasing: memory[place * taken..<(place + 1) * taken]))
      }
    }
  }

  /// A row is made of all rows of its head.
  func forEachSource(of range: Range<Int>, _ body: (MappedFile, Range<Int>) -> Void) {
    guard !range.isEmpty else { return }
    let rowBytes = sourceColumns * elementBytes
    let (first, last) = (range.lowerBound / sourceColumns, (range.upperBound - 1) / sourceColumns)
    let start = source.byteRange.lowerBound
    body(
      source.file, start + first * headRows * rowBytes..<start + (last + 1) * headRows * rowBytes)
  }

  /// Copies the elements of a row of the result to memory of just their size.
  private func gather(
    _ row: Int, _ bytes: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer
  ) {
    let (head, column) = row.quotientAndRemainder(dividingBy: sourceColumns)
    for index in 0..<taken {
      let start = ((head * headRows + index) * sourceColumns + column) * elementBytes
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[(index * elementBytes)...])
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + elementBytes]))
    }
  }

  private func decode(
    _ row: Int, _ bytes: UnsafeRawBufferPointer, into floats: UnsafeMutableBufferPointer<Float>
  ) {
    unsafe withUnsafeTemporaryAllocation(byteCount: taken * elementBytes, alignment: 8) { elements in
      unsafe gather(row, bytes, into: elements)
      unsafe FloatRow.decode(UnsafeRawBufferPointer(elements), source.type, into: floats)
    }
    guard let scales else { return }
    let (head, column) = row.quotientAndRemainder(dividingBy: sourceColumns)
    for index in 0..<taken {
      unsafe floats[index] *= scales.scale(row: head * headRows + index, column: column)
    }
  }
}
