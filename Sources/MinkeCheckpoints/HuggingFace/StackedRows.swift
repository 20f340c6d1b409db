internal import MinkeTensors

/// The rows of matrices of one shape, one matrix after the other: GGUF has the matrices of a layer's experts as one tensor
/// of three dimensions.
struct StackedRows: RowSource {
  /// At least one; all with as many rows and columns and of one type.
  let parts: [DerivedRows]

  var type: ElementType { parts[0].type }
  var path: String { parts[0].path }

  func read(_ range: Range<Int>, into memory: UnsafeMutableRawBufferPointer) {
    let rowBytes = type.byteCount(columns: parts[0].columns) ?? 0
    forEachPart(of: range) { part, rows, place in
      unsafe part.read(
        rows,
        into: UnsafeMutableRawBufferPointer(
          rebasing: memory[place * rowBytes..<(place + rows.count) * rowBytes]))
    }
  }

  func readFloats(_ range: Range<Int>, into memory: UnsafeMutableBufferPointer<Float>) {
    let columns = parts[0].columns
    forEachPart(of: range) { part, rows, place in
      unsafe part.readFloats(
        rows,
        into: UnsafeMutableBufferPointer(rebasing: memory[place * columns..<(place + rows.count) * columns]))
    }
  }

  func forEachSource(of range: Range<Int>, _ body: (MappedFile, Range<Int>) -> Void) {
    forEachPart(of: range) { part, rows, _ in part.forEachSource(of: rows, body) }
  }

  /// Calls `body` with each part that has some of the rows, which of its own they are, and how many precede them in `range`.
  private func forEachPart(of range: Range<Int>, _ body: (DerivedRows, Range<Int>, Int) -> Void) {
    let height = parts[0].rows
    var first = range.lowerBound
    while first < range.upperBound {
      let (index, start) = first.quotientAndRemainder(dividingBy: height)
      let count = min(height - start, range.upperBound - first)
      body(parts[index], start..<start + count, first - range.lowerBound)
      first += count
    }
  }
}
