import CMinkeKernels
import MinkeTensors
import Testing

/// Largest error of a product against float64 on the dequantised weights and activations, relative to the product of
/// the magnitudes: what float32 sums along the depth lose.
private let sumTolerance = 4e-6

/// Largest error that quantising activations to 8 bits adds, relative to the largest magnitude of a row of
/// activations times the magnitudes of the weights: half a step of 127.
private let quantizationTolerance = 0.5 / 127

@Suite struct MatmulTests {
  /// A product's sizes.
  struct Shape: CustomTestStringConvertible {
    var rows: Int, depth: Int, tokens: Int
    var testDescription: String { "\(rows)×\(depth) times \(tokens) tokens" }
  }

  /// Depths with odd and even block counts, those of real models among them; rows that fill no panel; each count of
  /// tokens, below, at and above the size of a group.
  static func shapes(for type: ElementType) -> [Shape] {
    let depths: [Int] =
      switch type.blockSize {
      case 256: [256, 512, 768, 1536, 2304, 4864, 8960, 18944]
      case 32: [32, 64, 96, 160, 576, 896, 1536, 4864, 18976]
      default: [1, 31, 32, 37, 576, 896, 19000]
      }
    var shapes: [Shape] = []
    for depth in depths {
      let tokenCounts = depth > 2000 ? [1, 2, 7, 33] : [1, 2, 3, 5, 8, 9, 31, 32, 70]
      for (i, tokens) in tokenCounts.enumerated() {
        shapes.append(Shape(rows: [1, 32, 45, 64, 33][i % 5], depth: depth, tokens: tokens))
      }
    }
    let depth = type.blockSize == 256 ? 768 : 576
    shapes += (1...70).map { Shape(rows: $0 % 2 == 0 ? 32 : 40, depth: depth, tokens: $0) }
    return shapes
  }

  @Test(arguments: ElementType.allCases)
  func everyInstructionSetGivesTheBitsOfThePortableKernels(_ type: ElementType) throws {
    for shape in Self.shapes(for: type) {
      let stored = try StoredFixture(type, rows: shape.rows, columns: shape.depth, seed: UInt64(shape.depth))
      let weights = try PackedFixture(stored.stored)
      let input = try InputFixture(tokens: shape.tokens, width: shape.depth)
      if weights.matrix.format.isInteger { input.quantize(level: MINKE_CPU_PORTABLE) }
      let expected = try input.product(weights, level: MINKE_CPU_PORTABLE)
      for level in vectorLevels {
        let found = try input.product(weights, level: level)
        let name = unsafe String(cString: minke_cpu_level_name(level))
        #expect(
          firstDifference(found, expected) == nil, "\(type), \(name), \(shape.testDescription)")
      }
    }
  }

  /// With subnormal scales, which must lose nothing on their way to floats, as with others.
  @Test(arguments: ElementType.allCases, [false, true])
  func agreesWithFloat64(_ type: ElementType, hasTinyScales: Bool) throws {
    let shape = Shape(rows: 45, depth: 768, tokens: 3)
    let stored = try StoredFixture(type, rows: shape.rows, columns: shape.depth, isTiny: hasTinyScales)
    let weights = try PackedFixture(stored.stored)
    let input = try InputFixture(
      tokens: shape.tokens, width: shape.depth, magnitude: hasTinyScales ? 0x1p20 : 1)
    let isInteger = weights.matrix.format.isInteger
    if isInteger { input.quantize(level: MINKE_CPU_PORTABLE) }
    let found = try input.product(weights, level: minke_cpu_active())
    let codes = input.blocks.map(\.codeValues)
    let scales = input.blocks.map(\.scale)
    for row in 0..<shape.rows {
      let values = stored.values(row: row)
      for token in 0..<shape.tokens {
        let activations = unsafe Array(input.input.floats.buffer(row: token))
        var quantized = 0.0
        var exact = 0.0
        var magnitude = 0.0
        var largest = 0.0
        var sum = 0.0
        for k in 0..<shape.depth {
          let activation = Double(activations[k])
          let weight = Double(values[k])
          var used = activation
          if isInteger {
            let block = k / 32 * shape.tokens + token
            used = Double(codes[block][k % 32]) * Double(scales[block])
          }
          quantized += weight * used
          exact += weight * activation
          magnitude += abs(weight * used)
          largest = max(largest, abs(activation))
          sum += abs(weight)
        }
        let result = Double(found[token * shape.rows + row])
        #expect(abs(result - quantized) <= sumTolerance * magnitude, "\(type) row \(row) token \(token)")
        #expect(abs(result - exact) <= quantizationTolerance * largest * sum + sumTolerance * magnitude)
      }
    }
  }

  @Test(arguments: ElementType.allCases)
  func isTheSameForAnyNumberOfThreadsAndTokens(_ type: ElementType) throws {
    let depth = type.blockSize == 256 ? 1792 : 896
    let stored = try StoredFixture(type, rows: 75, columns: depth)
    let one = WorkerPool(threadCount: 1)
    let two = WorkerPool(threadCount: 2)
    let weights = try PackedFixture(stored.stored)
    let packedByTwo = try PackedFixture(stored.stored, pool: two)
    #expect(weights.bytes == packedByTwo.bytes)

    let input = try InputFixture(tokens: 70, width: depth)
    func run(_ pool: WorkerPool, tokens: Range<Int>) throws -> [Float] {
      let output = try TestMatrix(count: tokens.count, width: 75)
      let part = unsafe MatmulInput(input.input.floats.rows(tokens), blocks: input.input.blocks)
      let matrix = weights.matrix
      pool.run { worker in
        if matrix.format.isInteger {
          part.quantize(worker: worker)
          worker.synchronize()
        }
        matmul(part, matrix, into: output.rows, worker: worker)
      }
      return output.values
    }
    let together = try run(one, tokens: 0..<70)
    #expect(firstDifference(try run(two, tokens: 0..<70), together) == nil)
    for tokens in [0..<1, 3..<5, 40..<47, 20..<70, 1..<34] {
      let part = Array(together[tokens.lowerBound * 75..<tokens.upperBound * 75])
      #expect(firstDifference(try run(one, tokens: tokens), part) == nil, "tokens \(tokens)")
      #expect(firstDifference(try run(two, tokens: tokens), part) == nil, "tokens \(tokens), two threads")
    }
  }

  @Test(arguments: [MINKE_CPU_PORTABLE] + vectorLevels)
  func addsTheBias(_ level: minke_cpu_level) throws {
    var random = TestRandom(seed: 5)
    let stored = try StoredFixture(.q4_1, rows: 45, columns: 96)
    let weights = try PackedFixture(stored.stored)
    let input = try InputFixture(tokens: 33, width: 96)
    input.quantize(level: level)
    let bias = random.floats(45)
    let product = try input.product(weights, level: level)
    let biased = product.indices.map { product[$0] + bias[$0 % 45] }
    #expect(try input.product(weights, level: level, bias: bias) == biased)
  }

  @Test func writesOnlyTheRowsThereAre() throws {
    let stored = try StoredFixture(.q8_0, rows: 33, columns: 64)
    let weights = try PackedFixture(stored.stored)
    let input = try InputFixture(tokens: 2, width: 64)
    let wide = try TestMatrix([Float](repeating: 7, count: 80), count: 2, width: 40)
    withExtendedLifetime((weights, input, wide)) {
      input.input.quantize(worker: .alone)
      matmul(input.input, weights.matrix, into: wide.rows.columns(3..<36), worker: .alone)
    }
    for token in 0..<2 {
      let row = unsafe Array(wide.rows.buffer(row: token))
      #expect(row[..<3].allSatisfy { $0 == 7 } && row[36...].allSatisfy { $0 == 7 })
      #expect(row[3..<36].contains { $0 != 7 })
    }
  }
}
