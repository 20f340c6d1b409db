import CMinkeKernels
import Testing

/// Each instruction set that this processor has, against portable C, bit for bit. (NEON is compared in the
/// same way by `Tests/NEON/vector_check.c`.)
@Suite struct InstructionSetTests {
  typealias Kernels = minke_vector_kernels

  static let levels = [MINKE_CPU_AVX2, MINKE_CPU_AVX512, MINKE_CPU_NEON].filter(minke_cpu_supports)

  /// Numbers of every size, with zeros, subnormals and infinities among them.
  static func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var random = TestRandom(seed: seed)
    let special: [Float] = [
      0, -0, .infinity, -.infinity, .leastNonzeroMagnitude, -0x1p-133, .greatestFiniteMagnitude, 88.8,
      -103.97,
      65519.9, 65520, -70000, 6.1e-5, 5.9e-8, 2.9e-8, 0.625, -0.62499994,
    ]
    return (0..<count).map { _ in
      switch Int.random(in: 0..<8, using: &random) {
      case 0: special.randomElement(using: &random) ?? 0
      case 1: Float.random(in: -110...110, using: &random)
      case 2: Float(sign: .plus, exponent: .random(in: -140...120, using: &random), significand: 1.37)
      default: Float.random(in: -4...4, using: &random)
      }
    }
  }

  /// NaN results must be NaN everywhere; their sign and payload are the processor's own affair.
  func expectSame(_ x: [Float], _ y: [Float], _ what: String) {
    let canonical = { (values: [Float]) in values.map { $0.isNaN ? Float.nan : $0 } }
    #expect(firstDifference(canonical(x), canonical(y)) == nil, "\(what), \(x.count) elements")
  }

  @Test(arguments: levels) func elementwise(level: minke_cpu_level) throws {
    let portable = unsafe try #require(minke_vector_at(MINKE_CPU_PORTABLE)).pointee
    let other = unsafe try #require(minke_vector_at(level)).pointee
    for count in Array(1...70) + [576, 1000] {
      let x = Self.numbers(count, seed: UInt64(count))
      let y = Self.numbers(count, seed: UInt64(count) + 1)
      let operations: [(String, (Kernels, UnsafeMutablePointer<Float>) -> Void)] = unsafe [
        ("silu", { unsafe $0.silu_multiply(x, y, $1, count) }),
        ("gelu", { unsafe $0.gelu_multiply(x, y, $1, count) }),
        ("sigmoid", { unsafe $0.sigmoid_multiply(x, y, $1, count) }),
        (
          "add scaled",
          {
            unsafe $1.update(from: y, count: count)
            unsafe $0.add_scaled(x, 1.7, $1, count)
          }
        ),
        ("add", { unsafe $0.add(x, y, $1, count) }),
        ("scale", { unsafe $0.scale(x, 1.7, $1, count) }),
        ("soft cap", { unsafe $0.soft_cap(x, 30, $1, count) }),
        ("exp", { unsafe $0.exponential(x, $1, count) }),
        ("tanh", { unsafe $0.hyperbolic_tangent(x, $1, count) }),
      ]
      for number in unsafe operations.indices {
        let (name, operation) = unsafe operations[number]
        let results = [portable, other].map { kernels in
          unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress { unsafe operation(kernels, base) }
            initialized = count
          }
        }
        expectSame(results[0], results[1], name)
      }
    }
  }

  @Test(arguments: levels) func reductions(level: minke_cpu_level) throws {
    let portable = unsafe try #require(minke_vector_at(MINKE_CPU_PORTABLE)).pointee
    let other = unsafe try #require(minke_vector_at(level)).pointee
    var random = TestRandom(seed: 7)
    for count in Array(1...140) + [576, 896, 1536, 19001] {
      let x = random.floats(count, in: -9...9)
      let weight = random.floats(count)
      var results: [[Float]] = []
      for kernels in [portable, other] {
        var normed = x
        var plain = x
        var probabilities = x
        unsafe kernels.rms_norm(x, weight, &normed, count, 1e-5)
        unsafe kernels.rms_norm(x, nil, &plain, count, 1e-6)
        unsafe kernels.softmax(x, &probabilities, count)
        let sums = unsafe [kernels.maximum(x, count), Float(kernels.log_sum_exp(x, count))]
        results.append(normed + plain + probabilities + sums)
      }
      expectSame(results[0], results[1], "reductions")
    }
  }

  @Test(arguments: levels) func rotations(level: minke_cpu_level) throws {
    let portable = unsafe try #require(minke_vector_at(MINKE_CPU_PORTABLE)).pointee
    let other = unsafe try #require(minke_vector_at(level)).pointee
    var random = TestRandom(seed: 8)
    for count in stride(from: 2, through: 256, by: 2) {
      let x = random.floats(count)
      let cosines = random.floats(count)
      let sines = random.floats(count)
      var results: [[Float]] = []
      for kernels in [portable, other] {
        var interleaved = x
        var halves = x
        unsafe kernels.rotate_interleaved(&interleaved, cosines, sines, count)
        unsafe kernels.rotate_halves(&halves, cosines, sines, count)
        results.append(interleaved + halves)
      }
      expectSame(results[0], results[1], "rotations")
    }
  }

  /// What is stored, and attention over it, whole and in merged parts.
  @Test(arguments: tables, elementPairs)
  func cacheAndAttention(
    table: Table, elements: (keys: minke_cache_element, values: minke_cache_element)
  ) throws {
    let portable = unsafe try #require(minke_vector_at(MINKE_CPU_PORTABLE)).pointee
    let other = try #require(table.kernels)
    for (dimension, group, rows, position, window) in [
      (16, 1, 1, 0, 0), (50, 3, 70, 100, 0), (64, 3, 40, 600, 0), (64, 7, 1, 2000, 0), (80, 2, 9, 1000, 300),
      (128, 6, 3, 511, 64), (256, 4, 11, 63, 0), (64, 1, 24, 512, 0), (33, 5, 2, 70, 20), (7, 11, 4, 3, 0),
    ] {
      var problem = KernelAttention(
        dimension: dimension, group: group, rows: rows, position: position, window: window,
        keyElement: elements.keys, valueElement: elements.values)
      let expected = problem.run(portable)
      let found = problem.run(other)
      expectSame(found.output, expected.output, "attention of \(dimension)×\(group)")
      #expect(found.cache == expected.cache)
      problem.softCap = 20
      let capped = problem.run(portable)
      let merged = problem.run(other, inParts: true)
      expectSame(merged.output, capped.output, "merged attention of \(dimension)×\(group)")
    }
  }
}

extension InstructionSetTests {
  /// Kernels that this processor can run, beside the portable ones.
  struct Table: CustomTestStringConvertible {
    var level: minke_cpu_level
    /// Level AVX-512 uses products of bfloat16 pairs where there are any; it gives the same bits without.
    var withoutBF16 = false

    var testDescription: String {
      unsafe String(cString: minke_cpu_level_name(level)) + (withoutBF16 ? " without bf16" : "")
    }

    var kernels: minke_vector_kernels? {
      #if arch(x86_64)
        if withoutBF16 { return unsafe minke_vector_without_bf16().pointee }
      #endif
      return unsafe minke_vector_at(level)?.pointee
    }
  }

  static let elements = [MINKE_CACHE_F32, MINKE_CACHE_F16, MINKE_CACHE_BF16, MINKE_CACHE_Q8_0]
  static let elementPairs = elements.flatMap { keys in elements.map { (keys: keys, values: $0) } }
  static let tables =
    levels.map { Table(level: $0) }
    + (minke_cpu_has_bf16() ? [Table(level: MINKE_CPU_AVX512, withoutBF16: true)] : [])

  /// Blocks that are full in part, and one position more than a block.
  @Test(arguments: tables, elements) func everyLength(table: Table, element: minke_cache_element) throws {
    let portable = unsafe try #require(minke_vector_at(MINKE_CPU_PORTABLE)).pointee
    let other = try #require(table.kernels)
    for position in 0..<130 {
      let problem = KernelAttention(
        dimension: 36, group: 3, rows: 1, position: position, window: 0, keyElement: element,
        valueElement: element)
      let found = problem.run(other)
      expectSame(found.output, problem.run(portable).output, "attention to \(position + 1) positions")
    }
  }
}

extension InstructionSetTests {
  static let allTables = [Table(level: MINKE_CPU_PORTABLE)] + tables

  /// Whatever lies in positions that no row sees: NaN of every type, huge numbers, small ones.
  @Test(arguments: allTables, elementPairs) func unseenPositions(
    table: Table, elements: (keys: minke_cache_element, values: minke_cache_element)
  ) throws {
    let kernels = try #require(table.kernels)
    for (dimension, group, rows, position, window, cap) in [
      (36, 3, 1, 0, 0, 0), (33, 2, 1, 70, 0, 0), (64, 3, 5, 84, 0, 20), (50, 1, 1, 598, 41, 0),
      (64, 7, 2, 200, 20, 0),
      (16, 1, 9, 1100, 333, 5), (48, 2, 30, 700, 97, 0), (24, 5, 1, 128, 65, 0), (7, 11, 4, 66, 1, 0),
    ] as [(Int, Int, Int, Int, Int, Float)] {
      let problem = KernelAttention(
        dimension: dimension, group: group, rows: rows, position: position, window: window,
        keyElement: elements.keys, valueElement: elements.values, softCap: cap)
      let clean = problem.run(kernels).output
      #expect(clean.allSatisfy { $0.isFinite })
      for fill: UInt8 in [0xFF, 0x7F, 0x7B, 0x80, 0x01] {
        for inParts in [false, true] {
          let found = problem.run(kernels, inParts: inParts, fill: fill, hidesUnseen: true).output
          #expect(
            firstDifference(found, clean) == nil,
            "\(dimension)×\(group), \(rows) rows at \(position), window \(window), bytes \(fill)")
        }
      }
    }
  }
}

/// Attention of one KV head, called as the kernels' table has it.
struct KernelAttention {
  var dimension: Int
  var group: Int
  var rows: Int
  var position: Int
  var window: Int
  var keyElement: minke_cache_element
  var valueElement: minke_cache_element
  var softCap: Float = 0

  /// - Parameters:
  ///   - fill: what lies in the cache before, and in blocks beside those of the sequence.
  ///   - hidesUnseen: positions that no row sees are not written, and their blocks have no entry.
  func run(
    _ kernels: minke_vector_kernels, inParts: Bool = false, fill: UInt8 = 0, hidesUnseen: Bool = false
  ) -> (output: [Float], cache: [UInt8]) {
    var random = TestRandom(seed: UInt64(dimension + rows))
    let valueOffset = minke_key_bytes(dimension, keyElement)
    let blockStride = valueOffset + minke_value_bytes(dimension, valueElement)
    let total = position + rows
    // From the last block to the first.
    let blockCount = (total + 63) / 64
    var blocks = (0..<blockCount).map { Int32(blockCount - 1 - $0) }
    var cache = [UInt8](repeating: fill, count: blockCount * blockStride)
    let firstSeen = hidesUnseen && window > 0 ? max(0, position + 1 - window) : 0
    unsafe cache.withUnsafeMutableBytes { cache in
      guard let base = cache.baseAddress else { return }
      for p in 0..<total {
        let key = random.floats(dimension)
        // Some values are small, and some are zero: their scales differ.
        let size: Float = p % 11 == 5 ? 0 : p % 7 == 0 ? 1e-3 : 2
        let value = random.floats(dimension, in: -size...size)
        guard p >= firstSeen else { continue }
        let block = unsafe base + Int(blocks[p / 64]) * blockStride
        unsafe kernels.store_key(key, block, p % 64, dimension, keyElement)
        unsafe kernels.store_value(value, block + valueOffset, p % 64, dimension, valueElement)
      }
    }
    for index in 0..<firstSeen / 64 { blocks[index] = .min }
    let queries = random.floats(rows * group * dimension)
    var output = [Float](repeating: 0, count: queries.count)
    let chunks = (total + 511) / 512
    var scratch = [Float](repeating: 0, count: minke_attention_scratch_count(dimension))
    var partials = [Float](repeating: 0, count: chunks * minke_attention_partial_count(dimension))
    unsafe withAddresses(cache, blocks, queries, &output, &scratch, &partials) {
      cache, blocks, queries, output, scratch, partials in
      for first in stride(from: 0, to: rows * group, by: 24) {
        var call = unsafe minke_attention(
          queries: queries, query_stride: group * dimension, output: output, output_stride: group * dimension,
          group: group, head_dim: dimension, value_dim: dimension, first_query: first,
          query_count: min(24, rows * group - first),
          position: position, window: window, scale: 0.125, soft_cap: softCap, cache: cache, blocks: blocks,
          block_stride: blockStride, value_offset: valueOffset, key_element: keyElement,
          value_element: valueElement,
          first_chunk: 0, end_chunk: chunks, scratch: scratch, partials: inParts ? partials : nil)
        unsafe kernels.attention(&call)
        if inParts { unsafe kernels.attention_merge(&call, partials, chunks) }
      }
    }
    return (output, cache)
  }

  /// Addresses that stay valid during `body`; Swift's implicit ones end with the call they are passed to.
  private func withAddresses(
    _ cache: UnsafePointer<UInt8>, _ blocks: UnsafePointer<Int32>, _ queries: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>, _ partials: UnsafeMutablePointer<Float>,
    _ body: (
      UnsafePointer<UInt8>, UnsafePointer<Int32>, UnsafePointer<Float>, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    unsafe body(cache, blocks, queries, output, scratch, partials)
  }
}
