internal import MinkeTensors

/// The rows of a GGUF tensor, worked out from a safetensors tensor of as many columns: all or some of its rows, in another
/// order, of another type, scaled or shifted.
struct DerivedRows: SingleSourceRows {
  let source: SafetensorsTensor
  let rows: Int
  let columns: Int
  let type: ElementType
  var order = RowOrder.asStored
  /// What 8-bit floats are multiplied by.
  var scales: ScaleBlocks?
  /// Added to every element: Gemma stores the weights of its norms less one.
  var shift: Float = 0

  enum RowOrder: Sendable, Equatable {
    case asStored
    /// Of each head of so many rows, rows i and i + length/2, which RoPE rotates as a pair, lie side by side. GGUF has
    /// the queries and keys of `llama` so.
    case pairsTogether(headLength: Int)
    /// Of each head of so many rows, the last.
    case lastOfHeads(taken: Int, headRows: Int)

    /// Where row `index` of the result lies in the source.
    func source(of index: Int) -> Int {
      switch self {
      case .asStored: return index
      case .pairsTogether(let length):
        let (head, place) = index.quotientAndRemainder(dividingBy: length)
        return head * length + place / 2 + (place.isMultiple(of: 2) ? 0 : length / 2)
      case .lastOfHeads(let taken, let headRows):
        let (head, place) = index.quotientAndRemainder(dividingBy: taken)
        return head * headRows + headRows - taken + place
      }
    }

    /// Rows of the source among which those are that some of the result come from.
    func sources(of range: Range<Int>) -> Range<Int> {
      guard let last = range.last else { return 0..<0 }
      switch self {
      case .asStored, .lastOfHeads: return source(of: range.lowerBound)..<source(of: last) + 1
      case .pairsTogether(let length):
        return range.lowerBound / length * length..<(last / length + 1) * length
      }
    }
  }

  /// Types whose elements can be read as floats.
  static let readable: [SafetensorsType] = [.float32, .float16, .bfloat16, .float8_e4m3]

  /// Whether the tensor is the source's bytes.
  var isAsStored: Bool { keepsBytes && order == .asStored }

  /// Whether the bytes of a row are those of the source's row.
  var keepsBytes: Bool { scales == nil && shift == 0 && source.type.element == type }

  private var sourceRowBytes: Int { columns * source.type.byteCount }

  func forEachSource(of range: Range<Int>, _ body: (MappedFile, Range<Int>) -> Void) {
    let rows = order.sources(of: range)
    let start = source.byteRange.lowerBound
    body(
      source.file, start + rows.lowerBound * sourceRowBytes..<start + rows.upperBound * sourceRowBytes)
  }

  func copy(_ row: Int, of bytes: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer) {
    unsafe memory.copyMemory(from: sourceRow(order.source(of: row), bytes))
  }

  /// The row of the source, scaled and shifted.
  func decode(_ row: Int, of bytes: UnsafeRawBufferPointer, into floats: UnsafeMutableBufferPointer<Float>) {
    let row = order.source(of: row)
    unsafe FloatRow.decode(sourceRow(row, bytes), source.type, into: floats)
    if let scales { unsafe scales.multiply(floats, row: row) }
    if shift != 0 {
      for index in floats.indices { unsafe floats[index] += shift }
    }
  }

  private func sourceRow(_ row: Int, _ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: bytes[row * sourceRowBytes..<(row + 1) * sourceRowBytes])
  }
}

extension SafetensorsType {
  /// The element type of GGUF that is encoded alike.
  var element: ElementType? {
    switch self {
    case .float32: .f32
    case .float16: .f16
    case .bfloat16: .bf16
    default: nil
    }
  }
}
