import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

@Suite("The inputs of matrices are added up")
struct ActivationStatisticsTests {
  func statistics(
    _ tiny: TinyModel, threads: Int, parts: [Int]
  ) throws -> (entries: [ActivationStatistics.Entry], logits: [Float]) {
    let runner = try Runner(tiny.file, threads: threads)
    let statistics = try runner.model.makeStatistics()
    let cache = try runner.cache()
    var (logits, first): ([Float], Int) = ([], 0)
    for length in parts {
      let input = SequenceInput(tiny.tokens[first..<first + length], cache: cache, logitCount: length)
      let rows = try runner.model.forward([input], in: runner.workspace, adding: statistics)
      logits += (0..<rows.count).flatMap { unsafe Array(rows.buffer(row: $0)) }
      first += length
    }
    return (statistics.entries, logits)
  }

  @Test("to the same bits by any number of threads, at once or token by token", arguments: TinyModel.all)
  func sameBits(name: String) throws {
    let tiny = try TinyModel(name)
    let count = tiny.tokens.count
    let whole = try statistics(tiny, threads: 1, parts: [count])
    for (threads, parts) in [(2, [count]), (3, [count - 20, 3, 17]), (2, Array(repeating: 1, count: count))] {
      let other = try statistics(tiny, threads: threads, parts: parts)
      #expect(other.entries == whole.entries)
      #expect(other.logits == whole.logits)
    }
  }

  @Test("without a change to the logits", arguments: TinyModel.all)
  func sameLogits(name: String) throws {
    let tiny = try TinyModel(name)
    let runner = try Runner(tiny.file)
    let plain = try runner.logits(tiny.tokens, parts: [tiny.tokens.count], cache: runner.cache())
    #expect(try statistics(tiny, threads: 2, parts: [tiny.tokens.count]).logits == plain)
  }

  @Test("for every matrix of the layers and the output", arguments: TinyModel.all)
  func matrices(name: String) throws {
    let tiny = try TinyModel(name)
    let entries = try statistics(tiny, threads: 2, parts: [tiny.tokens.count]).entries
    let hasOutput = tiny.file.hasTensor(named: "output.weight")
    let matrices = tiny.file.tensors.filter {
      $0.dimensions.count > 1 && ($0.name != "token_embd.weight" || !hasOutput)
        // Older files' matrix of which heads' keys and values are cut.
        && !$0.name.hasSuffix("attn_kv_b.weight")
    }
    #expect(Set(entries.map(\.name)) == Set(matrices.map(\.name)))
    for matrix in matrices {
      let entry = try #require(entries.first { $0.name == matrix.name })
      let matrices = matrix.dimensions.dropFirst(2).reduce(1, *)
      #expect(entry.sums.count == matrix.dimensions[0] * matrices)
      #expect(entry.sums.allSatisfy { $0.isFinite })
      guard matrix.name.hasSuffix("_exps.weight") else {
        #expect(entry.counts == [tiny.tokens.count])
        #expect(entry.sums.allSatisfy { $0 > 0 })
        continue
      }
      let configuration = try ModelConfiguration(tiny.file)
      let experts = try #require(configuration.experts)
      #expect(entry.counts.reduce(0, +) == experts.usedCount * tiny.tokens.count)
      for (expert, count) in entry.counts.enumerated() {
        let columns = entry.sums[expert * matrix.dimensions[0]..<(expert + 1) * matrix.dimensions[0]]
        #expect(columns.allSatisfy { ($0 > 0) == (count > 0) })
      }
    }
  }

  /// Float32 norms on one side, doubles on the other.
  static let tolerance = 1e-5

  @Test("as the first layer's input says, which is the norm of the embedding")
  func firstInput() throws {
    let tiny = try TinyModel("llama-regular")
    let entries = try statistics(tiny, threads: 1, parts: [tiny.tokens.count]).entries
    let norm = try tiny.values("blk.0.attn_norm.weight")
    let embedding = try tiny.values("token_embd.weight")
    let width = norm.count
    let epsilon = Double(try tiny.file.metadata.requiredFloat("llama.attention.layer_norm_rms_epsilon"))
    var expected = [Double](repeating: 0, count: width)
    for token in tiny.tokens {
      let row = embedding[Int(token) * width..<Int(token + 1) * width].map(Double.init)
      let scale = 1 / (row.reduce(0) { $0 + $1 * $1 } / Double(width) + epsilon).squareRoot()
      for column in 0..<width {
        let value = row[column] * scale * Double(norm[column])
        expected[column] += value * value
      }
    }
    let entry = try #require(entries.first { $0.name == "blk.0.attn_q.weight" })
    for (found, expected) in zip(entry.sums, expected) {
      #expect(abs(found - expected) <= Self.tolerance * expected)
    }
  }
}

extension TinyModel {
  /// The elements of a tensor in F32.
  fileprivate func values(_ name: String) throws -> [Float] {
    let matrix = try file.tensor(named: name).matrix
    var values: [Float] = []
    for row in 0..<matrix.rows {
      var part = [Float](repeating: 0, count: matrix.columns)
      unsafe dequantizeRow(matrix, row: row, into: &part)
      values += part
    }
    return values
  }
}
