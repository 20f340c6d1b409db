import CMinkeKernels
import MinkeTensors
import Testing

/// The operations against their definitions in float64.
@Suite struct OperationTests {
  /// A unit in the last place of a float32 near 1, the measure of the tolerances below.
  static let ulp: Double = 0x1p-23

  /// `|found − expected| ≤ relative · |expected| + absolute`, element by element.
  func expectClose(
    _ found: [Float], _ expected: [Double], relative: Double, absolute: Double = 1e-37,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == expected.count, sourceLocation: location)
    let off = zip(found, expected).first { abs(Double($0) - $1) > relative * abs($1) + absolute }
    #expect(off == nil, sourceLocation: location)
  }

  /// Runs an operation with one and with three workers; the results must be the same.
  func run(
    _ values: [Float], count: Int, width: Int, location: SourceLocation = #_sourceLocation,
    _ operation: (Rows, Worker) throws -> Void
  ) throws -> [Float] {
    var results: [[Float]] = []
    for threads in [1, 3] {
      let matrix = try TestMatrix(values, count: count, width: width)
      let pool = WorkerPool(threadCount: threads)
      pool.run { worker in
        do { try operation(matrix.rows, worker) } catch { Issue.record(error) }
      }
      results.append(matrix.values)
    }
    #expect(firstDifference(results[0], results[1]) == nil, sourceLocation: location)
    return results[0]
  }

  static let shapes = [(1, 1), (1, 576), (3, 50), (7, 896), (70, 33)]

  @Test(arguments: shapes) func rmsNormDividesByTheRootMeanSquare(count: Int, width: Int) throws {
    var random = TestRandom(seed: 1)
    let x = random.floats(count * width)
    let weight = random.floats(width)
    let found = try run(x, count: count, width: width) { rows, worker in
      unsafe rmsNorm(rows, weight: weight, epsilon: 1e-5, into: rows, worker: worker)
    }
    var expected: [Double] = []
    for row in 0..<count {
      let values = x[row * width..<(row + 1) * width].map(Double.init)
      let root = (values.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-5).squareRoot()
      expected += zip(values, weight).map { $0 / root * Double($1) }
    }
    expectClose(found, expected, relative: 4 * Self.ulp)
  }

  @Test func rmsNormOfHeadsTreatsEachHeadByItself() throws {
    var random = TestRandom(seed: 2)
    let (count, heads, dimension) = (5, 3, 40)
    let x = random.floats(count * heads * dimension)
    let weight = random.floats(dimension)
    let found = try run(x, count: count, width: heads * dimension) { rows, worker in
      unsafe rmsNormHeads(rows, headDimension: dimension, weight: weight, epsilon: 1e-6, worker: worker)
    }
    let expected = try run(x, count: count * heads, width: dimension) { rows, worker in
      unsafe rmsNorm(rows, weight: weight, epsilon: 1e-6, into: rows, worker: worker)
    }
    #expect(firstDifference(found, expected) == nil)
  }

  @Test(arguments: [1, 7, 32, 33, 1024]) func gatedActivations(count: Int) throws {
    var random = TestRandom(seed: 3)
    let gate = random.floats(count, in: -12...12)
    let up = random.floats(count)
    var silu = gate
    unsafe minke_vector().pointee.silu_multiply(gate, up, &silu, count)
    let pairs = zip(gate.map(Double.init), up.map(Double.init))
    expectClose(silu, pairs.map { $0 / (1 + expReference(-$0)) * $1 }, relative: 4 * Self.ulp)
    var gelu = gate
    unsafe minke_vector().pointee.gelu_multiply(gate, up, &gelu, count)
    let root = (2 / Double.pi).squareRoot()
    // Below −5 gelu is the small difference of large numbers in the reference, too.
    let expected = pairs.map { x, y in
      0.5 * x * (1 + tanhReference(root * (x + 0.044715 * x * x * x))) * y
    }
    expectClose(gelu, expected, relative: 32 * Self.ulp, absolute: 1e-6)
  }

  @Test(arguments: shapes) func sumsAndScales(count: Int, width: Int) throws {
    var random = TestRandom(seed: 4)
    let x = random.floats(count * width)
    let y = random.floats(count * width)
    let bias = random.floats(width)
    let other = try TestMatrix(y, count: count, width: width)
    let sum = try run(x, count: count, width: width) { add($0, other.rows, into: $0, worker: $1) }
    #expect(firstDifference(sum, zip(x, y).map(+)) == nil)
    let biased = try run(x, count: count, width: width) { unsafe addBias($0, bias, worker: $1) }
    #expect(firstDifference(biased, x.enumerated().map { $1 + bias[$0 % width] }) == nil)
    let scaled = try run(x, count: count, width: width) { scale($0, by: 0.3, worker: $1) }
    #expect(firstDifference(scaled, x.map { $0 * 0.3 }) == nil)
    let capped = try run(x.map { $0 * 40 }, count: count, width: width) { softCap($0, at: 30, worker: $1) }
    expectClose(capped, x.map { 30 * tanhReference(Double($0 * 40) / 30) }, relative: 4 * Self.ulp)
  }

  @Test func operationsOnColumnsLeaveTheOthersAlone() throws {
    var random = TestRandom(seed: 5)
    let x = random.floats(4 * 48)
    let found = try run(x, count: 4, width: 48) { scale($0.columns(7..<30), by: 2, worker: $1) }
    #expect(found == x.enumerated().map { (7..<30).contains($0 % 48) ? $1 * 2 : $1 })
  }

  @Test(arguments: [1, 2, 31, 500, 151_936]) func softmaxAndLogSumExp(count: Int) {
    var random = TestRandom(seed: 6)
    let x = random.floats(count, in: -20...20)
    var found = x
    unsafe found.withUnsafeMutableBufferPointer { unsafe softmax($0) }
    let largest = x.map(Double.init).max() ?? 0
    let weights = x.map { expReference(Double($0) - largest) }
    let sum = weights.reduce(0, +)
    expectClose(found, weights.map { $0 / sum }, relative: 64 * Self.ulp)
    let logarithm = unsafe x.withUnsafeBufferPointer { unsafe logSumExp($0) }
    #expect(abs(logarithm - (largest + logReference(sum))) < 1e-7)
  }

  /// The largest errors over all float32 are 1.06 and 1.34 ulp; the documented bounds are 1.1 and 1.4.
  @Test func exponentialAndTangentKeepTheirBounds() throws {
    var random = TestRandom(seed: 9)
    let x = random.floats(200_000, in: -88...88) + random.floats(100_000, in: -1...1)
    var e = x
    var t = x
    unsafe minke_vector().pointee.exponential(x, &e, x.count)
    unsafe minke_vector().pointee.hyperbolic_tangent(x, &t, x.count)
    let error = { (found: Float, exact: Double) in abs(Double(found) - exact) / Double(Float(exact).ulp) }
    #expect(zip(e, x).allSatisfy { error($0, expReference(Double($1))) <= 1.1 })
    #expect(zip(t, x).allSatisfy { error($0, tanhReference(Double($1))) <= 1.4 })
  }
}
