import CMinkeKernels
import MinkeTensors
import Testing

/// The products of experts and of heads against those of each matrix alone.
@Suite("Products with several matrices")
struct ExpertMatmulTests {
  static let (hidden, inner, experts, used) = (96, 64, 5, 2)

  /// One row (which is not gathered), fewer than workers, fewer and more than are shared in turns, more than a group.
  @Test(
    "give each pair the bits of its row and its expert alone", arguments: [1, 2, 5, 9, 40],
    [ElementType.q4_1, .q8_0, .f16])
  func pairs(rows: Int, type: ElementType) throws {
    let (hidden, inner, experts, used) = (Self.hidden, Self.inner, Self.experts, Self.used)
    let gate = try MatricesFixture(type, count: experts, rows: inner, columns: hidden, seed: 1)
    let up = try MatricesFixture(type, count: experts, rows: inner, columns: hidden, seed: 2)
    let down = try MatricesFixture(type, count: experts, rows: hidden, columns: inner, seed: 3)
    let input = try InputFixture(tokens: rows, width: hidden)
    input.quantize(level: minke_cpu_active())
    var random = TestRandom(seed: 9)
    let chosen = (0..<rows).flatMap { row in
      (0..<used).map { Int32((row * 3 + $0 * (1 + row % 4)) % experts) }
    }
    let factors = random.floats(rows * used)
    let expected = try reference(input, chosen, factors, gate, up, down)

    for threads in [1, 2, 3] {
      let pairs = rows * used
      let gathered = try InputFixture(
        [Float](repeating: .nan, count: pairs * hidden), tokens: pairs, width: hidden)
      let gated = try InputFixture(
        [Float](repeating: .nan, count: pairs * inner), tokens: pairs, width: inner)
      let results = try TestMatrix(
        [Float](repeating: .nan, count: pairs * hidden), count: pairs, width: hidden)
      let output = try TestMatrix([Float](repeating: 1, count: rows * hidden), count: rows, width: hidden)
      let count = try #require(
        ExpertGroups.memoryCount(expertCount: experts, usedCount: used, rows: rows))
      let memory = UnsafeMutablePointer<Int32>.allocate(capacity: count)
      defer { unsafe memory.deallocate() }
      var assigned = unsafe ExpertGroups(expertCount: experts, usedCount: used, rows: rows, memory: memory)
      unsafe assigned.assign(chosen, rowCount: rows)
      let groups = assigned
      let isInteger = gate.matrices.format.isInteger
      unsafe factors.withUnsafeBufferPointer { factors in
        WorkerPool(threadCount: threads).run { worker in
          if rows > 1 {
            gather(
              input.input, groups, blocks: isInteger, floats: !isInteger, into: gathered.input, worker: worker
            )
            worker.synchronize()
          }
          expertGatedMatmul(
            rows > 1 ? gathered.input : input.input, groups, gate: gate.matrices, up: up.matrices,
            activation: .silu, into: gated.input, quantized: isInteger, worker: worker)
          worker.synchronize()
          expertMatmul(gated.input, groups, down.matrices, into: results.rows, worker: worker)
          worker.synchronize()
          unsafe combineExperts(
            results.rows, groups, factors: factors.baseAddress!, into: output.rows, accumulate: true,
            worker: worker)
        }
      }
      #expect(firstDifference(output.values, expected) == nil, "\(threads) threads")
    }
  }

  /// 1 plus the experts' results, one row and one expert at a time.
  private func reference(
    _ input: InputFixture, _ chosen: [Int32], _ factors: [Float], _ gate: MatricesFixture,
    _ up: MatricesFixture,
    _ down: MatricesFixture
  ) throws -> [Float] {
    let (hidden, inner, used) = (Self.hidden, Self.inner, Self.used)
    let isInteger = gate.matrices.format.isInteger
    var all: [Float] = []
    for row in 0..<chosen.count / used {
      var sum = [Float](repeating: 1, count: hidden)
      for rank in 0..<used {
        let expert = Int(chosen[row * used + rank])
        let one = try InputFixture(
          Array(input.values[row * hidden..<(row + 1) * hidden]), tokens: 1, width: hidden)
        one.quantize(level: minke_cpu_active())
        let gated = try InputFixture([Float](repeating: 0, count: inner), tokens: 1, width: inner)
        let result = try TestMatrix([Float](repeating: 0, count: hidden), count: 1, width: hidden)
        unsafe gatedMatmul(
          one.input, gate: (gate.matrices[expert], nil), up: (up.matrices[expert], nil), activation: .silu,
          into: gated.input, quantized: isInteger, worker: .alone)
        matmul(gated.input, down.matrices[expert], into: result.rows, worker: .alone)
        for (column, value) in result.values.enumerated() {
          sum[column].addProduct(value, factors[row * used + rank])
        }
      }
      all += sum
    }
    return all
  }

  @Test(
    "give each head the bits of its matrix alone", arguments: [1, 3, 33, 70], [ElementType.q8_0, .q4_0, .f32])
  func heads(tokens: Int, type: ElementType) throws {
    let (heads, columns, rows, length) = (3, 64, 40, 56)
    let fixture = try MatricesFixture(type, count: heads, rows: rows, columns: columns, seed: 5)
    let input = try InputFixture(tokens: tokens, width: heads * columns)
    input.quantize(level: minke_cpu_active())
    for threads in [1, 2, 5] {
      let output = try TestMatrix(
        [Float](repeating: 7, count: tokens * heads * length), count: tokens, width: heads * length)
      WorkerPool(threadCount: threads).run {
        headMatmul(input.input, fixture.matrices, into: output.rows, length: length, worker: $0)
      }
      for head in 0..<heads {
        var values: [Float] = []
        for token in 0..<tokens {
          let first = (token * heads + head) * columns
          values += input.values[first..<first + columns]
        }
        let part = try InputFixture(values, tokens: tokens, width: columns)
        part.quantize(level: minke_cpu_active())
        let zeros = [Float](repeating: 0, count: tokens * rows)
        let expected = try TestMatrix(zeros, count: tokens, width: rows)
        matmul(part.input, fixture.matrices[head], into: expected.rows, worker: .alone)
        for token in 0..<tokens {
          let all = unsafe Array(output.rows.buffer(row: token))
          let row = all[head * length..<(head + 1) * length]
          let wanted = unsafe Array(expected.rows.buffer(row: token))
          #expect(Array(row.prefix(rows)) == wanted)
          #expect(row.dropFirst(rows).allSatisfy { $0 == 7 })
        }
      }
    }
  }
}

/// Packed matrices that own their memory.
final class MatricesFixture {
  let matrices: PackedMatrices
  private let arena: Arena

  init(_ type: ElementType, count: Int, rows: Int, columns: Int, seed: UInt64) throws {
    let bytes = try #require(PackedMatrices.byteCount(type: type, count: count, rows: rows, columns: columns))
    arena = try Arena(byteCount: bytes)
    matrices = unsafe PackedMatrices(
      type: type, count: count, rows: rows, columns: columns,
      base: UnsafeMutableRawPointer(try arena.allocate(UInt8.self, count: bytes)))
    let stored = try StoredFixture(type, rows: count * rows, columns: columns, seed: seed)
    for index in 0..<count {
      let part = try #require(stored.stored.rows(index * rows..<(index + 1) * rows))
      matrices[index].pack(part, panels: 0..<matrices.panelCount)
    }
  }
}
