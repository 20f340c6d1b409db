import CMinkeKernels
import MinkeTensors
import Testing

/// The fused gate against its parts: two products, the activation, the quantisation.
@Suite struct GatedMatmulTests {
  /// Rows that fill panels, as products that read the result quantised need; tokens below, at and above a group.
  @Test(arguments: [1, 2, 5, 32, 33, 70], [GateActivation.silu, .gelu])
  func hasTheBitsOfItsParts(tokens: Int, activation: GateActivation) throws {
    let (rows, depth) = (96, 576)
    let gate = try PackedFixture(StoredFixture(.q4_1, rows: rows, columns: depth, seed: 3).stored)
    let up = try PackedFixture(StoredFixture(.q5_0, rows: rows, columns: depth, seed: 4).stored)
    let input = try InputFixture(tokens: tokens, width: depth)
    input.quantize(level: minke_cpu_active())
    var random = TestRandom(seed: 6)
    let (gateBias, upBias) = (random.floats(rows), random.floats(rows))
    var activated = try input.product(gate, level: minke_cpu_active(), bias: gateBias)
    let factors = try input.product(up, level: minke_cpu_active(), bias: upBias)
    let kernels = unsafe minke_vector().pointee
    let kernel = unsafe activation == .silu ? kernels.silu_multiply : kernels.gelu_multiply
    unsafe kernel(activated, factors, &activated, activated.count)
    let expected = try InputFixture(activated, tokens: tokens, width: rows)
    expected.quantize(level: minke_cpu_active())

    for threads in [1, 2, 3] {
      let pool = WorkerPool(threadCount: threads)
      let found = try InputFixture(
        [Float](repeating: 0, count: tokens * rows), tokens: tokens, width: rows)
      unsafe gateBias.withUnsafeBufferPointer { gateBias in
        unsafe upBias.withUnsafeBufferPointer { upBias in
          let gate = (weights: gate.matrix, bias: gateBias.baseAddress)
          let up = (weights: up.matrix, bias: upBias.baseAddress)
          for quantized in [true, false] {
            pool.run { worker in
              unsafe gatedMatmul(
                input.input, gate: gate, up: up, activation: activation, into: found.input,
                quantized: quantized,
                worker: worker)
            }
          }
        }
      }
      #expect(firstDifference(found.values, activated) == nil, "\(threads) threads")
      #expect(found.blocks.map(\.bytes) == expected.blocks.map(\.bytes), "\(threads) threads")
    }
  }

  /// A feed-forward network whose width is no multiple of a panel, before float weights.
  @Test func writesOnlyTheRowsThereAre() throws {
    let gate = try PackedFixture(StoredFixture(.q8_0, rows: 40, columns: 64, seed: 3).stored)
    let up = try PackedFixture(StoredFixture(.f16, rows: 40, columns: 64, seed: 4).stored)
    let input = try InputFixture(tokens: 3, width: 64)
    input.quantize(level: minke_cpu_active())
    let wide = try TestMatrix([Float](repeating: 7, count: 3 * 48), count: 3, width: 48)
    withExtendedLifetime((gate, up, input, wide)) {
      let output = unsafe MatmulInput(wide.rows.columns(4..<44), blocks: input.input.blocks)
      unsafe gatedMatmul(
        input.input, gate: (gate.matrix, nil), up: (up.matrix, nil), activation: .silu, into: output,
        quantized: false, worker: .alone)
    }
    for token in 0..<3 {
      let row = unsafe Array(wide.rows.buffer(row: token))
      #expect(row[..<4].allSatisfy { $0 == 7 } && row[44...].allSatisfy { $0 == 7 })
      #expect(row[4..<44].allSatisfy { $0 != 7 })
    }
  }
}
