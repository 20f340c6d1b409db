import CMinkeKernels
import MinkeTensors
import Testing

/// The instruction sets whose kernels run here, besides the portable ones.
let vectorLevels: [minke_cpu_level] = [MINKE_CPU_AVX2, MINKE_CPU_AVX512, MINKE_CPU_NEON].filter {
  minke_cpu_supports($0)
}

/// Random rows in a stored type: any codes, scales that are finite and neither huge nor tiny, of either sign; or
/// subnormal ones.
///
/// The bytes lie at an odd address and end where the memory's last byte is, as they may in a mapped file.
@safe final class StoredFixture {
  // Safe: the memory is the object's own and never handed out but through `stored`.
  let stored: StoredMatrix
  private let memory: UnsafeMutableRawBufferPointer

  init(_ type: ElementType, rows: Int, columns: Int, seed: UInt64 = 1, isTiny: Bool = false) throws {
    var random = TestRandom(seed: seed)
    let byteCount = try #require(type.byteCount(columns: columns)) * rows
    var bytes = (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    for block in 0..<byteCount / type.bytesPerBlock {
      let start = block * type.bytesPerBlock
      switch type {
      case .f32:
        let bits = Float.random(in: -1...1, using: &random).bitPattern
        for i in 0..<4 { bytes[start + i] = UInt8(truncatingIfNeeded: bits >> (8 * i)) }
      case .f16:
        bytes[start + 1] = bytes[start + 1] & 0x83 | 0x38  // ±0.5…1
      case .bf16:
        bytes[start + 1] = bytes[start + 1] & 0x80 | 0x3e
      case .mxfp4:
        bytes[start] = isTiny ? bytes[start] % 4 : 118 + bytes[start] % 8
      case .iq1_m:
        bytes[start + 55] = bytes[start + 55] & 0x8f | (isTiny ? 0 : 0x20)  // the highest bits of a half
      default:
        for offset in Self.halfOffsets(of: type) {
          bytes[start + offset + 1] = bytes[start + offset + 1] & 0x83 | (isTiny ? 0 : 0x20)  // ±2⁻⁷…2⁻⁶
        }
      }
    }
    unsafe memory = .allocate(byteCount: byteCount + 1, alignment: 64)
    let place = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[1...])
    unsafe place.copyBytes(from: bytes)
    stored = unsafe try StoredMatrix(
      type: type, rows: rows, columns: columns, bytes: UnsafeRawBufferPointer(place))
  }

  deinit { unsafe memory.deallocate() }

  /// Where a block has its half-precision scales, in one piece.
  static func halfOffsets(of type: ElementType) -> [Int] {
    switch type {
    case .f32, .f16, .bf16, .iq1_m, .mxfp4: []
    case .q4_0, .q5_0, .q8_0, .iq4_nl, .iq4_xs: [0]
    case .iq1_s, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s: [0]
    case .tq1_0: [52]
    case .tq2_0: [64]
    case .q4_1, .q5_1, .q4_K, .q5_K: [0, 2]
    case .q2_K: [80, 82]
    case .q3_K: [108]
    case .q6_K: [208]
    }
  }

  /// A row's values, as floats.
  func values(row: Int) -> [Float] {
    var values = [Float](repeating: .nan, count: stored.columns)
    unsafe dequantizeRow(stored, row: row, into: &values)
    return values
  }
}

/// A packed matrix that owns its memory.
final class PackedFixture {
  let matrix: PackedMatrix
  private let arena: Arena

  init(_ stored: StoredMatrix, pool: WorkerPool? = nil) throws {
    let byteCount = try #require(
      PackedMatrix.byteCount(type: stored.type, rows: stored.rows, columns: stored.columns))
    arena = try Arena(byteCount: byteCount)
    let packed = unsafe PackedMatrix(
      type: stored.type, rows: stored.rows, columns: stored.columns,
      base: try arena.allocate(UInt8.self, count: byteCount))
    matrix = packed
    if let pool {
      pool.run { packed.pack(stored, worker: $0) }
    } else {
      packed.pack(stored, panels: 0..<packed.panelCount)
    }
  }

  var bytes: [UInt8] {
    let buffer = unsafe UnsafeRawBufferPointer(
      start: matrix.base, count: matrix.panelCount * matrix.format.panelByteCount(columns: matrix.columns))
    return unsafe Array(buffer)
  }
}

/// Activations with room for their quantised form.
final class InputFixture {
  let input: MatmulInput
  private let floats: TestMatrix
  private let arena: Arena

  /// Values whose size differs from block to block; some blocks are zeros.
  convenience init(tokens: Int, width: Int, seed: UInt64 = 2, magnitude: Float = 1) throws {
    var random = TestRandom(seed: seed)
    var values = random.floats(tokens * width).map { $0 * magnitude }
    for i in values.indices where i / 32 % 5 == 3 { values[i] *= 1e-3 }
    for i in values.indices where i / 32 % 11 == 7 { values[i] = 0 }
    try self.init(values, tokens: tokens, width: width)
  }

  init(_ values: [Float], tokens: Int, width: Int) throws {
    floats = try TestMatrix(values, count: tokens, width: width)
    let byteCount = try #require(MatmulInput.byteCount(tokens: tokens, width: width))
    arena = try Arena(byteCount: byteCount)
    input = unsafe MatmulInput(floats.rows, blocks: try arena.allocate(UInt8.self, count: byteCount))
  }

  /// The activations, token after token.
  var values: [Float] { floats.values }

  /// The quantised blocks, in the order they lie.
  var blocks: [minke_activation_block] {
    let buffer = unsafe UnsafeBufferPointer(
      start: input.blocks.assumingMemoryBound(to: minke_activation_block.self),
      count: input.floats.count * (input.floats.width / 32))
    return unsafe Array(buffer)
  }

  /// Quantises with the kernels of one level.
  func quantize(level: minke_cpu_level) {
    let perToken = input.floats.width / 32
    let first = unsafe input.blocks.assumingMemoryBound(to: minke_activation_block.self)
    for row in 0..<input.floats.count {
      let group = row / 32 * 32
      unsafe minke_quantize(
        level, input.floats[row], 0, perToken, first + group * perToken + row - group,
        min(32, input.floats.count - group))
    }
  }

  /// The product with the kernels of one level, on one thread.
  func product(
    _ fixture: PackedFixture, level: minke_cpu_level, bias: [Float]? = nil
  ) throws -> [Float] {
    let weights = fixture.matrix
    let output = try TestMatrix([], count: input.floats.count, width: weights.rows)
    unsafe (bias ?? []).withUnsafeBufferPointer { values in
      var product = unsafe minke_product(
        format: weights.format.kernelFormat, rows: weights.rows, depth: weights.columns,
        tokens: input.floats.count, panels: weights.base.assumingMemoryBound(to: UInt8.self),
        blocks: input.blocks.assumingMemoryBound(to: minke_activation_block.self), input: input.floats.base,
        input_stride: input.floats.stride,
        bias: bias == nil ? nil : values.baseAddress, output: output.rows.base,
        output_stride: output.rows.stride)
      unsafe minke_multiply(level, &product, 0, weights.panelCount, 0, (input.floats.count + 31) / 32)
    }
    return output.values
  }
}

extension minke_activation_block {
  /// The codes, which C keeps in an array.
  var codeValues: [Int] {
    unsafe withUnsafeBytes(of: codes) { unsafe $0.bindMemory(to: Int8.self).map(Int.init) }
  }

  /// All bytes: for comparing blocks bit for bit.
  var bytes: [UInt8] { unsafe withUnsafeBytes(of: self) { unsafe Array($0) } }
}
