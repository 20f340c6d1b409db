internal import MinkeTensors

/// Of a matrix whose rows are heads of so many each, the first rows of every head, transposed: row `h · columns + c` of the
/// result is column `c` of head `h`.
///
/// GGUF has the half of DeepSeek's `kv_b_proj` that makes keys so (`attn_k_b`), which multiplies queries instead of
/// latents then (DeepSeek-V2, arXiv:2405.04434, section 2.1.2).
struct TransposedHeads: SingleSourceRows {
  let source: SafetensorsTensor
  /// Rows of a head that are taken, which are the columns of the result.
  let taken: Int
  /// Rows of a head.
  let headRows: Int
  let type: ElementType
  var scales: ScaleBlocks?

  var columns: Int { taken }
  private var sourceColumns: Int { source.shape[1] }
  private var elementBytes: Int { source.type.byteCount }
  var keepsBytes: Bool { scales == nil && source.type.element == type }

  /// A row is made of all rows of its head.
  func forEachSource(of range: Range<Int>, _ body: (MappedFile, Range<Int>) -> Void) {
    guard !range.isEmpty else { return }
    let rowBytes = sourceColumns * elementBytes
    let (first, last) = (range.lowerBound / sourceColumns, (range.upperBound - 1) / sourceColumns)
    let start = source.byteRange.lowerBound
    body(
      source.file, start + first * headRows * rowBytes..<start + (last + 1) * headRows * rowBytes)
  }

  func copy(_ row: Int, of bytes: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer) {
    let (head, column) = row.quotientAndRemainder(dividingBy: sourceColumns)
    for index in 0..<taken {
      let start = ((head * headRows + index) * sourceColumns + column) * elementBytes
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[(index * elementBytes)...])
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + elementBytes]))
    }
  }

  func decode(_ row: Int, of bytes: UnsafeRawBufferPointer, into floats: UnsafeMutableBufferPointer<Float>) {
    unsafe withUnsafeTemporaryAllocation(byteCount: taken * elementBytes, alignment: 8) { elements in
      unsafe copy(row, of: bytes, into: elements)
      unsafe FloatRow.decode(UnsafeRawBufferPointer(elements), source.type, into: floats)
    }
    guard let scales else { return }
    let (head, column) = row.quotientAndRemainder(dividingBy: sourceColumns)
    for index in 0..<taken {
      unsafe floats[index] *= scales.scale(row: head * headRows + index, column: column)
    }
  }
}
