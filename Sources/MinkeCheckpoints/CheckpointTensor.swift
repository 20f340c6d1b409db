package import MinkeTensors

/// A tensor of a checkpoint, as rows that can be read piece by piece: they lie in a file as they are, or are worked out
/// from what lies there.
package struct CheckpointTensor: Sendable {
  package let name: String
  /// Columns first, as in GGUF.
  package let dimensions: [Int]
  package let type: ElementType
  private let contents: Contents

  private enum Contents {
    case stored(StoredTensor)
    case derived(any RowSource)
  }

  init(_ tensor: StoredTensor) {
    (name, dimensions, type) = (tensor.name, tensor.dimensions, tensor.type)
    contents = .stored(tensor)
  }

  init(name: String, dimensions: [Int], _ rows: any RowSource) {
    (self.name, self.dimensions, type) = (name, dimensions, rows.type)
    contents = .derived(rows)
  }

  /// Of the file that the rows come from, for messages.
  var path: String {
    switch contents {
    case .stored(let tensor): tensor.file.path
    case .derived(let derived): derived.path
    }
  }

  /// Elements in a row.
  package var columns: Int { dimensions[0] }
  /// Rows in all: the product of all dimensions but the first.
  package var rows: Int { dimensions.dropFirst().reduce(1, *) }

  /// Bytes of a row; rows are whole blocks.
  package var rowByteCount: Int { type.byteCount(columns: columns) ?? 0 }

  /// The tensor as it lies in a file; nil where it is worked out.
  package var stored: StoredTensor? {
    if case .stored(let tensor) = contents { tensor } else { nil }
  }

  /// The tensor as it lies in a file, or a copy of all of it.
  package func resident() -> StoredTensor {
    if let stored { return stored }
    var bytes = [UInt8](repeating: 0, count: rows * rowByteCount)
    unsafe bytes.withUnsafeMutableBytes { unsafe readRows(0..<rows, into: $0) }
    let copy = MappedFile(copying: bytes, path: name)
    return StoredTensor(
      name: name, dimensions: dimensions, type: type, byteRange: 0..<bytes.count, file: copy)
  }

  /// Copies some rows, encoded as ``type`` says, to memory of as many times ``rowByteCount`` bytes. Any threads may.
  package func readRows(_ range: Range<Int>, into memory: UnsafeMutableRawBufferPointer) {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows of this tensor")
    precondition(memory.count >= range.count * rowByteCount, "memory for the rows")
    switch contents {
    case .derived(let derived): unsafe derived.read(range, into: memory)
    case .stored(let tensor):
      unsafe tensor.withBytes { bytes in
        let part = range.lowerBound * rowByteCount..<range.upperBound * rowByteCount
        unsafe memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[part]))
      }
    }
  }

  /// Bytes of all rows.
  package var byteCount: Int { rows * rowByteCount }

  /// The rows as float32.
  ///
  /// - Throws: for a type that has no floats.
  package func floatRows() throws(CheckpointError) -> FloatRows {
    switch contents {
    case .derived(let derived): FloatRows(columns: columns, source: .derived(derived))
    case .stored(let tensor): FloatRows(columns: columns, source: .stored(tensor, try tensor.matrix))
    }
  }

  /// Writes some rows as float32 to memory of as many times ``columns`` elements, before any rounding to ``type``. Any
  /// threads may.
  package func readFloats(
    _ range: Range<Int>, into memory: UnsafeMutableBufferPointer<Float>
  ) throws(CheckpointError) {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows of this tensor")
    precondition(memory.count >= range.count * columns, "memory for the rows")
    let floats = try floatRows()
    guard let base = memory.baseAddress else { return }
    for (place, row) in range.enumerated() { unsafe floats.read(row: row, into: base + place * columns) }
  }

  /// Tells the system how the mapped pages that some rows are read from will be used.
  package func advise(_ advice: MappedFile.Advice, rows range: Range<Int>) {
    forEachSource(of: range) { file, bytes in file.advise(advice, range: bytes) }
  }

  /// Starts fetching the mapped pages that some rows are read from, and does not wait for them.
  package func prefetch(rows range: Range<Int>) {
    forEachSource(of: range) { file, bytes in
      // Linux begins no more at once than it reads ahead of a file, which is 128 KiB unless set otherwise.
      for start in stride(from: bytes.lowerBound, to: bytes.upperBound, by: 1 << 17) {
        file.advise(.willNeed, range: start..<min(start + (1 << 17), bytes.upperBound))
      }
    }
  }

  /// Gives back the memory of the mapped pages that some rows were read from.
  package func releasePages(ofRows range: Range<Int>) {
    forEachSource(of: range) { file, bytes in file.releasePages(of: bytes) }
  }

  /// Where in files some rows are read from.
  private func forEachSource(of range: Range<Int>, _ body: (MappedFile, Range<Int>) -> Void) {
    switch contents {
    case .derived(let derived): derived.forEachSource(of: range, body)
    case .stored(let tensor):
      let start = tensor.byteRange.lowerBound
      body(tensor.file, start + range.lowerBound * rowByteCount..<start + range.upperBound * rowByteCount)
    }
  }
}

extension CheckpointTensor {
  /// The rows of a tensor as float32, before any rounding to its type.
  package struct FloatRows: Sendable {
    fileprivate enum Source {
      /// The tensor keeps the matrix's bytes mapped.
      case stored(StoredTensor, StoredMatrix)
      case derived(any RowSource)
    }

    fileprivate let columns: Int
    fileprivate let source: Source

    /// Writes a row, which the tensor must have, to memory of as many elements as it has columns. Any threads may.
    package func read(row: Int, into values: UnsafeMutablePointer<Float>) {
      switch source {
      case .stored(_, let matrix): unsafe dequantizeRow(matrix, row: row, into: values)
      case .derived(let derived):
        unsafe derived.readFloats(
          row..<row + 1, into: UnsafeMutableBufferPointer(start: values, count: columns))
      }
    }
  }
}
