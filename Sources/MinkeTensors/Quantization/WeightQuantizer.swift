internal import CMinkeKernels

/// Quantises matrices of weights, row by row, on the threads of a pool.
///
/// Every type that ``ElementType/isWritable`` can be made. The search for scales minimises each block's squared error, weighted by the columns'
/// importance; the bytes depend on the row alone, not on the threads or the processor.
package struct WeightQuantizer: Sendable {
  private let pool: WorkerPool

  package init(pool: WorkerPool) {
    self.pool = pool
  }

  /// How much the errors of a matrix's columns weigh.
  package struct Importance: Sendable {
    /// `[matrices, columns]`: for a matrix of each expert, one after the other. Finite and not negative.
    let weights: [Float]
    /// Rows that one set of weights is for.
    let rowsPerMatrix: Int

    /// - Parameter weights: `[matrices, columns]`
    package init(_ weights: [Float], rowsPerMatrix: Int) {
      self.weights = weights
      self.rowsPerMatrix = rowsPerMatrix
    }
  }

  /// Quantises some rows of a matrix.
  ///
  /// - Parameters:
  ///   - columns: A whole number of the type's blocks.
  ///   - read: Writes a row's weights; called on any thread, for several rows at once.
  ///   - output: The bytes of all `rows`, as they stand in a file.
  /// - Throws: ``TensorError`` for a type that is read only, for a weight that is not a number, or one that the type
  ///   cannot hold.
  package func quantize(
    _ rows: Range<Int>, columns: Int, as type: ElementType, importance: Importance? = nil,
    into output: inout [UInt8], read: (_ row: Int, _ values: UnsafeMutablePointer<Float>) -> Void
  ) throws(TensorError) {
    guard type.isWritable else {
      throw TensorError(
        "rows to quantise", found: "the type \(type), which is read only", expected: ElementType.writableNames
      )
    }
    guard let rowBytes = type.byteCount(columns: columns), columns > 0,
      output.count / rows.count.advanced(by: rows.isEmpty ? 1 : 0) >= rowBytes
    else {
      throw TensorError(
        "rows of \(columns) elements of type \(type)", found: "\(output.count) bytes for \(rows.count) rows",
        expected: "whole blocks of \(type.blockSize), and their bytes")
    }
    if let importance {
      precondition(
        rows.upperBound <= importance.rowsPerMatrix * (importance.weights.count / columns),
        "an importance for every row")
    }
    let arena = try Arena(byteCount: Arena.byteCount(rows: pool.threadCount, width: columns) ?? .max)
    let scratch = try arena.rows(count: pool.threadCount, width: columns)
    var unsound = [Int](repeating: .max, count: pool.threadCount)
    // Unsafe: workers write the bytes of different rows, which lie within the buffer, and scratch rows of their own.
    unsafe output.withUnsafeMutableBytes { bytes in
      unsafe unsound.withUnsafeMutableBufferPointer { unsound in
        unsafe (importance?.weights ?? []).withUnsafeBufferPointer { weights in
          let job = unsafe RowJob(
            type: type, columns: columns, weights: importance == nil ? nil : weights.baseAddress,
            rowsPerMatrix: importance?.rowsPerMatrix ?? 1, scratch: scratch)
          pool.run { worker in
            worker.takeTurns(rows.count, step: 4) { turn in
              for index in turn where unsafe unsound[worker.index] == .max {
                let row = rows.lowerBound + index
                unsafe read(row, scratch[worker.index])
                let place = unsafe bytes.baseAddress.unsafelyUnwrapped + index * rowBytes
                if unsafe !job.run(row: row, worker: worker.index, into: place) {
                  unsafe unsound[worker.index] = row
                }
              }
            }
          }
        }
      }
    }
    guard let row = unsound.min(), row < .max else { return }
    throw unsafe WeightRange(type).error(row: row, scratch) { unsafe read(row, $0) }
  }
}

/// What each worker needs to quantise a row.
@safe
private struct RowJob {
  let type: ElementType
  let columns: Int
  /// `[matrices, columns]`
  let weights: UnsafePointer<Float>?
  let rowsPerMatrix: Int
  /// `[workers, columns]`
  let scratch: Rows

  /// Quantises the row in a worker's scratch; false where it holds what the type cannot.
  func run(row: Int, worker: Int, into place: UnsafeMutableRawPointer) -> Bool {
    let values = unsafe scratch[worker]
    guard unsafe minke_weights_are_within(values, columns, WeightRange(type).limit) else { return false }
    let matrix = row / rowsPerMatrix
    let known = unsafe minke_quantize_row(
      minke_cpu_active(), type.rawValue, values, weights.map { unsafe $0 + matrix * columns }, columns, place)
    assert(known, "every writable type can be made")
    return true
  }
}

/// The weights that a type can hold.
private struct WeightRange {
  let type: ElementType
  /// The largest magnitude: that of halves, which scales and minimums are.
  let limit: Float

  init(_ type: ElementType) {
    self.type = type
    limit =
      switch type {
      case .f32: .greatestFiniteMagnitude
      case .bf16: Float(bitPattern: 0x7F7F_0000)
      default: 65504
      }
  }

  /// The error of the first weight of a row that is out of range.
  func error(row: Int, _ scratch: Rows, _ read: (UnsafeMutablePointer<Float>) -> Void) -> TensorError {
    unsafe read(scratch[0])
    let values = unsafe scratch.buffer(row: 0)
    // NaN is not within any limit.
    let column = unsafe values.firstIndex { !($0.magnitude <= limit) } ?? 0
    return TensorError(
      "row \(row), column \(column)", found: unsafe "\(values[column])",
      expected: "a number of magnitude at most \(limit), as \(type) can hold")
  }
}
