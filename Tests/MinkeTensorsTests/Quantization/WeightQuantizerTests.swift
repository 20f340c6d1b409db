import CMinkeKernels
import MinkeTensors
import Testing

@Suite("Weights are quantised")
struct WeightQuantizerTests {
  static let writable = ElementType.allCases.filter(\.isWritable)
  static let quantized = writable.filter { $0.blockSize > 1 }

  /// The root mean square error of normal weights, relative to theirs, that each type may have: a twentieth more than
  /// what the search reaches.
  static let tolerances: [ElementType: Float] = [
    .q8_0: 0.0051, .q6_K: 0.0171, .q5_K: 0.0352, .q5_1: 0.0343, .q5_0: 0.0413, .q4_K: 0.0719, .q4_1: 0.0713,
    .q4_0: 0.0840, .iq4_nl: 0.0760, .iq4_xs: 0.0765, .q3_K: 0.1497, .q2_K: 0.2720,
  ]

  @Test("with an error that is small for the type", arguments: Self.quantized)
  func error(type: ElementType) throws {
    let weights = TestWeights(rows: 8, columns: 1024, seed: 3)
    let error = weights.error(of: try weights.roundTrip(type)) / weights.meanSquare
    let tolerance = try #require(Self.tolerances[type])
    #expect(error.squareRoot() < tolerance)
    #expect(error.squareRoot() > tolerance / 2, "the type has no more codes than that")
  }

  @Test(
    "exactly, where the type can represent them",
    arguments: [ElementType.q8_0, .q6_K, .q5_0, .q4_0, .iq4_nl, .iq4_xs, .q3_K])
  func exact(type: ElementType) throws {
    let weights = TestWeights(rows: 8, columns: 1024, seed: 4)
    let once = TestWeights(try weights.roundTrip(type), columns: 1024)
    #expect(try once.roundTrip(type) == once.values)
  }

  /// Where a scale and a minimum must be found together, many pairs come close: what is lost a second time is a small
  /// part of what was lost before.
  @Test(
    "again with little loss, where there is a minimum",
    arguments: [ElementType.q5_K, .q5_1, .q4_K, .q4_1, .q2_K])
  func again(type: ElementType) throws {
    let weights = TestWeights(rows: 8, columns: 1024, seed: 5)
    let once = TestWeights(try weights.roundTrip(type), columns: 1024)
    let first = weights.error(of: once.values)
    #expect(once.error(of: try once.roundTrip(type)) < first / 10)
  }

  @Test("from floats to floats by rounding to nearest", arguments: [ElementType.f32, .f16, .bf16])
  func floats(type: ElementType) throws {
    let weights = TestWeights([1, -1.00048828125, 65504, 1e-8, 0, -0.1, 1.00390625, 1.01171875], columns: 8)
    let expected: [Float] =
      switch type {
      case .f16: weights.values.map { Float(Float16($0)) }
      case .bf16: [1, -1, 65536, 1.0011717677116394e-8, 0, -0.10009765625, 1, 1.015625]
      default: weights.values
      }
    #expect(try weights.roundTrip(type) == expected)
  }

  @Test("with less error where it weighs more", arguments: Self.quantized)
  func importance(type: ElementType) throws {
    let weights = TestWeights(rows: 4, columns: 1024, seed: 6)
    var random = TestRandom(seed: 7)
    let importance = (0..<1024).map { _ in Float.random(in: 0...1, using: &random) < 0.2 ? Float(20) : 0.2 }
    let even = weights.error(of: try weights.roundTrip(type), importance)
    let weighted = weights.error(of: try weights.roundTrip(type, importance: importance), importance)
    #expect(weighted < even * 0.9)
  }

  @Test("with an importance for the matrix of each expert")
  func experts() throws {
    let matrix = TestWeights(rows: 4, columns: 256, seed: 8)
    let both = TestWeights(matrix.values + matrix.values, columns: 256)
    let (left, right) = ((0..<256).map { Float($0 % 7) }, (0..<256).map { Float(7 - $0 % 7) })
    let together = try both.roundTrip(.q4_K, importance: left + right, rowsPerMatrix: 4)
    let apart =
      try matrix.roundTrip(.q4_K, importance: left) + matrix.roundTrip(.q4_K, importance: right)
    #expect(together == apart)
    #expect(together.prefix(1024) != together.suffix(1024))
  }

  @Test("to the same bytes by any number of threads, and part by part", arguments: Self.writable)
  func threads(type: ElementType) throws {
    let weights = TestWeights(rows: 13, columns: 512, seed: 9)
    let bytes = try weights.quantized(type)
    for threads in [2, 3, 7] { #expect(try weights.quantized(type, threads: threads) == bytes) }
    #expect(try weights.quantized(type, rows: 0..<5) + weights.quantized(type, rows: 5..<13) == bytes)
  }

  @Test("to the same bytes by every instruction set", arguments: Self.quantized, vectorLevels)
  func instructionSets(type: ElementType, level: minke_cpu_level) throws {
    let weights = TestWeights(rows: 1, columns: 2048, seed: 10)
    let importance = (0..<2048).map { Float($0 % 5) }
    func bytes(_ level: minke_cpu_level) throws -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: try #require(type.byteCount(columns: 2048)))
      #expect(unsafe minke_quantize_row(level, type.rawValue, weights.values, importance, 2048, &bytes))
      return bytes
    }
    #expect(try bytes(level) == bytes(MINKE_CPU_PORTABLE))
  }

  @Test("when they are odd: none, alike, next to nothing, huge, one alone", arguments: Self.quantized)
  func odd(type: ElementType) throws {
    func check(_ values: [Float], _ tolerance: Float, _ comment: Comment) throws {
      let weights = TestWeights(values, columns: 256)
      let found = try weights.roundTrip(type)
      #expect(!found.contains { !$0.isFinite }, comment)
      #expect(weights.error(of: found) <= tolerance * tolerance * weights.meanSquare, comment)
      let unimportant = try weights.roundTrip(type, importance: [Float](repeating: 0, count: 256))
      #expect(weights.error(of: unimportant) <= tolerance * tolerance * weights.meanSquare, comment)
    }
    try check([Float](repeating: 0, count: 256), 0, "zeros")
    // Scales are halves, which have 11 bits.
    try check([Float](repeating: 0.3, count: 256), 1e-3, "alike")
    try check([Float](repeating: -0.3, count: 256), 1e-3, "alike and negative")
    try check([Float](repeating: Float(bitPattern: 70_000), count: 256), 1, "subnormal")
    try check((0..<256).map { Float($0) * 1e-8 }, 1, "below what halves can scale")
    try check((0..<256).map { Float($0 * 513 % 256 - 128) * 511 }, 0.4, "huge")
    try check((0..<256).map { Float($0 % 3 == 0 ? 65504 : -65504 + $0 % 5) }, 0.1, "at the limit")
    try check((0..<256).map { $0 == 77 ? 1 : 0 }, 0.05, "one alone")
  }

  @Test("unless one is not a number, or too large", arguments: Self.writable)
  func unsound(type: ElementType) throws {
    for value in [Float.nan, .infinity, -.infinity] {
      var weights = TestWeights(rows: 5, columns: 256, seed: 11)
      weights.values[3 * 256 + 17] = value
      weights.values[4 * 256] = value
      let error = #expect(throws: TensorError.self) { try weights.quantized(type, threads: 3) }
      #expect(error?.subject == "row 3, column 17")
      #expect(error?.found == "\(value)")
    }
    var weights = TestWeights(rows: 1, columns: 256, seed: 11)
    weights.values[5] = -65505
    if type == .f32 || type == .bf16 {
      #expect(throws: Never.self) { try weights.quantized(type) }
    } else {
      let error = #expect(throws: TensorError.self) { try weights.quantized(type) }
      #expect(error?.found == "-65505.0")
    }
  }

  @Test("to no type that is read only", arguments: ElementType.allCases.filter { !$0.isWritable })
  func readOnly(type: ElementType) throws {
    let weights = TestWeights(rows: 1, columns: 256, seed: 1)
    let error = #expect(throws: TensorError.self) { try weights.quantized(type) }
    #expect(error?.found == "the type \(type), which is read only")
    var bytes = [UInt8](repeating: 7, count: type.bytesPerBlock * 256 / type.blockSize)
    #expect(unsafe !minke_quantize_row(MINKE_CPU_PORTABLE, type.rawValue, weights.values, nil, 256, &bytes))
    #expect(bytes.allSatisfy { $0 == 7 })
  }

  @Test("in whole blocks only")
  func blocks() throws {
    let error = #expect(throws: TensorError.self) {
      try TestWeights(rows: 1, columns: 96, seed: 1).quantized(.q4_K, byteCount: 1000)
    }
    #expect(error?.expected == "whole blocks of 256, and their bytes")
    #expect(throws: TensorError.self) {
      try TestWeights(rows: 2, columns: 96, seed: 1).quantized(.q4_0, byteCount: 107)
    }
  }
}

/// Rows of weights.
private struct TestWeights {
  var values: [Float]
  let columns: Int

  init(_ values: [Float], columns: Int) {
    self.values = values
    self.columns = columns
  }

  /// About normal: the sum of twelve uniform numbers has the variance 1.
  init(rows: Int, columns: Int, seed: UInt64) {
    var random = TestRandom(seed: seed)
    values = (0..<rows * columns).map { _ in
      (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0...1, using: &random) }
    }
    self.columns = columns
  }

  var meanSquare: Float { values.reduce(0) { $0 + $1 * $1 } / Float(values.count) }

  /// The mean of the squared differences, weighted by column.
  func error(of other: [Float], _ importance: [Float]? = nil) -> Float {
    values.indices.reduce(0) { sum, index in
      let difference = other[index] - values[index]
      return sum + difference * difference * (importance?[index % columns] ?? 1)
    } / Float(values.count)
  }

  func quantized(
    _ type: ElementType, rows: Range<Int>? = nil, importance: [Float]? = nil, rowsPerMatrix: Int? = nil,
    threads: Int = 1, byteCount: Int? = nil
  ) throws -> [UInt8] {
    let rows = rows ?? 0..<values.count / columns
    let needed = (type.byteCount(columns: columns) ?? 0) * rows.count
    var bytes = [UInt8](repeating: 0, count: byteCount ?? needed)
    let quantizer = WeightQuantizer(pool: WorkerPool(threadCount: threads))
    try unsafe quantizer.quantize(
      rows, columns: columns, as: type,
      importance: importance.map {
        WeightQuantizer.Importance($0, rowsPerMatrix: rowsPerMatrix ?? values.count / columns)
      }, into: &bytes
    ) { row, place in
      for column in 0..<columns { unsafe place[column] = values[row * columns + column] }
    }
    return bytes
  }

  /// What is read after quantisation.
  func roundTrip(
    _ type: ElementType, importance: [Float]? = nil, rowsPerMatrix: Int? = nil
  ) throws -> [Float] {
    let bytes = try quantized(type, importance: importance, rowsPerMatrix: rowsPerMatrix)
    let rows = values.count / columns
    var result = [Float](repeating: .nan, count: values.count)
    try unsafe bytes.withUnsafeBytes { bytes in
      let stored = unsafe try StoredMatrix(type: type, rows: rows, columns: columns, bytes: bytes)
      unsafe result.withUnsafeMutableBufferPointer { buffer in
        for row in 0..<rows {
          unsafe dequantizeRow(stored, row: row, into: buffer.baseAddress.unsafelyUnwrapped + row * columns)
        }
      }
    }
    return result
  }
}
