import CMinkeKernels
import MinkeTensors
import Testing

@Suite struct QuantizedActivationTests {
  static func quantize(_ values: [Float], level: minke_cpu_level) -> [minke_activation_block] {
    var blocks = [minke_activation_block](repeating: minke_activation_block(), count: values.count / 32)
    unsafe minke_quantize(level, values, 0, blocks.count, &blocks, 1)
    return blocks
  }

  static let levels = [MINKE_CPU_PORTABLE] + vectorLevels

  @Test(arguments: levels) func roundsToTheNearestCodeTiesToEven(_ level: minke_cpu_level) throws {
    var values = [Float](repeating: 0, count: 32)
    values[0...7] = [127, 0.5, 1.5, 2.5, -0.5, -1.5, -126.49, 3.51]
    let products: Float = 127 * 127 * 2 + 3 + 5 + 3 + 126 * 126.49 + 4 * 3.51
    let squares: Float = 127 * 127 * 2 + 4 + 4 + 4 + 126 * 126 + 16
    values[20] = -127
    let block = try #require(Self.quantize(values, level: level).first)
    var expected = [Int](repeating: 0, count: 32)
    expected[0...7] = [127, 0, 2, 2, 0, -2, -126, 4]
    expected[20] = -127
    #expect(block.codeValues == expected)
    #expect(abs(block.scale - products / squares) < 1e-6)
    #expect(block.half_sums.0 == 7 && block.half_sums.1 == -127)
    #expect(block.negated_sum == 120 && block.scaled_sum == -120 * block.scale)
  }

  @Test(arguments: levels) func isTheSameOnEveryInstructionSet(_ level: minke_cpu_level) {
    var random = TestRandom(seed: 9)
    let values = (0..<32 * 2000).map { i in
      Float.random(in: -1...1, using: &random) * [1, 1e-20, 1e20, 1e-31, 1e-37, 3e38][i / 32 % 6]
    }
    for (found, expected) in zip(
      Self.quantize(values, level: level), Self.quantize(values, level: MINKE_CPU_PORTABLE))
    {
      #expect(found.bytes == expected.bytes)
    }
  }

  @Test(arguments: levels) func passesOnValuesThatAreNotNumbers(_ level: minke_cpu_level) throws {
    for bad in [Float.nan, .infinity, -.infinity] {
      var values = [Float](repeating: 1, count: 32)
      values[17] = bad
      let block = try #require(Self.quantize(values, level: level).first)
      #expect(block.scale.isNaN)
      #expect(block.codeValues.allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: levels) func givesBlocksOfTinyValuesTheScaleZero(_ level: minke_cpu_level) throws {
    let block = try #require(Self.quantize([Float](repeating: 1e-38, count: 32), level: level).first)
    #expect(block.scale == 0 && block.negated_sum == 0 && block.scaled_sum == 0)
  }

  @Test(arguments: [1, 2, 3]) func isTheSameForAnyNumberOfWorkers(_ workers: Int) throws {
    for tokens in [1, 2, 5, 40] {
      let shared = try InputFixture(tokens: tokens, width: 576)
      let alone = try InputFixture(tokens: tokens, width: 576)
      let input = shared.input
      WorkerPool(threadCount: workers).run { input.quantize(worker: $0) }
      alone.quantize(level: MINKE_CPU_PORTABLE)
      #expect(shared.blocks.map(\.bytes) == alone.blocks.map(\.bytes))
    }
  }
}
