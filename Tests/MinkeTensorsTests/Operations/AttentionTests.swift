import CMinkeKernels
import MinkeTensors
import Testing

/// Largest error of float32 attention against float64 on the same numbers, relative to the values' size.
private let attentionTolerance: Float = 4e-6

@Suite struct AttentionTests {
  /// Queries, keys and values of one sequence, with what attends to them.
  struct Problem: CustomTestStringConvertible {
    var rows: Int
    var position = 0
    var dimension = 64
    var kvHeads = 1
    var group = 1
    var window: Int?
    var softCap: Float?
    var keyElement = CacheElement.f32
    var valueElement = CacheElement.f32

    var testDescription: String {
      "\(rows) rows at \(position), \(kvHeads)×\(group) heads of \(dimension), window \(window ?? 0), cap \(softCap ?? 0)"
    }

    var total: Int { position + rows }
    /// What the kernels multiply queries with before they round them: scores are then in units of ln 2 or of the cap.
    var scoreFactor: Float {
      softCap.map { parameters.scale / $0 } ?? parameters.scale * 1.44269504
    }
    var parameters: AttentionParameters {
      AttentionParameters(
        headCount: kvHeads * group, scale: 1 / Float(dimension).squareRoot(), softCap: softCap, window: window
      )
    }
  }

  /// Everything the tests of one problem share: all positions' keys and values, queries of the last rows.
  struct Inputs {
    var queries: [Float]
    var keys: [Float]
    var values: [Float]

    init(_ problem: Problem) {
      var random = TestRandom(seed: UInt64(problem.total * 1000 + problem.dimension))
      queries = random.floats(problem.rows * problem.kvHeads * problem.group * problem.dimension)
      keys = random.floats(problem.total * problem.kvHeads * problem.dimension)
      values = random.floats(problem.total * problem.kvHeads * problem.dimension)
    }
  }

  /// The definition, in float64.
  static func reference(_ p: Problem, _ inputs: Inputs) -> [Float] {
    let d = p.dimension
    var output: [Float] = []
    for row in 0..<p.rows {
      let position = p.position + row
      let first = p.window.map { max(0, position - $0 + 1) } ?? 0
      for head in 0..<p.kvHeads * p.group {
        let query = (row * p.kvHeads * p.group + head) * d
        var weights: [Double] = []
        for k in first...position {
          let key = (k * p.kvHeads + head / p.group) * d
          var score = 0.0
          for i in 0..<d { score += Double(inputs.queries[query + i]) * Double(inputs.keys[key + i]) }
          score *= Double(p.parameters.scale)
          if let cap = p.softCap.map(Double.init) { score = cap * tanhReference(score / cap) }
          weights.append(score)
        }
        let largest = weights.max() ?? 0
        weights = weights.map { expReference($0 - largest) }
        let sum = weights.reduce(0, +)
        for i in 0..<d {
          var mixed = 0.0
          for (offset, weight) in weights.enumerated() {
            let value = ((first + offset) * p.kvHeads + head / p.group) * d
            mixed += weight * Double(inputs.values[value + i])
          }
          output.append(Float(mixed / sum))
        }
      }
    }
    return output
  }

  /// Fills a cache chunk by chunk and returns the attention of the last rows, in parts of `step` rows.
  static func run(_ p: Problem, _ inputs: Inputs, pool: WorkerPool, step: Int? = nil) throws -> [Float] {
    let kvWidth = p.kvHeads * p.dimension
    let shape = KVCacheShape(
      groups: [KVLayerGroup(layerCount: 2)], headCount: p.kvHeads, headDimension: p.dimension,
      keyElement: p.keyElement,
      valueElement: p.valueElement)
    let cache = try KVCache(shape, capacity: p.total)
    let keys = try TestMatrix(inputs.keys, count: p.total, width: kvWidth)
    let values = try TestMatrix(inputs.values, count: p.total, width: kvWidth)
    let queries = try TestMatrix(inputs.queries, count: p.rows, width: kvWidth * p.group)
    let output = try TestMatrix(count: p.rows, width: kvWidth * p.group)
    let scratch = try AttentionScratch(headDimension: p.dimension, workerCount: pool.threadCount)
    func append(_ range: Range<Int>) {
      let slice = [
        SequenceSlice(firstRow: 0, rowCount: range.count, position: range.lowerBound, cache: cache.view)
      ]
      unsafe slice.withUnsafeBufferPointer { slice in
        pool.run { worker in
          unsafe appendKeysValues(
            keys: keys.rows.rows(range), values: values.rows.rows(range), slices: slice,
            place: KVLayerPlace(layer: 1),
            worker: worker)
        }
      }
    }
    append(0..<p.position)
    var first = 0
    while first < p.rows {
      let range = first..<min(first + (step ?? p.rows), p.rows)
      append(p.position + range.lowerBound..<p.position + range.upperBound)
      let slice = [
        SequenceSlice(
          firstRow: 0, rowCount: range.count, position: p.position + range.lowerBound, cache: cache.view)
      ]
      unsafe slice.withUnsafeBufferPointer { slice in
        pool.run { worker in
          unsafe attention(
            queries.rows.rows(range), slices: slice, place: KVLayerPlace(layer: 1), parameters: p.parameters,
            scratch: scratch,
            into: output.rows.rows(range), worker: worker)
        }
      }
      first = range.upperBound
    }
    return output.values
  }

  static let problems: [Problem] =
    [
      Problem(rows: 1), Problem(rows: 1, position: 1), Problem(rows: 70, kvHeads: 3, group: 3),
      Problem(rows: 1, position: 63), Problem(rows: 1, position: 64, group: 7),
      Problem(rows: 5, position: 2000, kvHeads: 2, group: 7),
      Problem(rows: 1, position: 1999, kvHeads: 3, group: 3),
      Problem(rows: 31, position: 500, dimension: 128, kvHeads: 2, group: 6),
      Problem(rows: 17, position: 37, dimension: 256, kvHeads: 1, group: 4, window: 20),
      Problem(rows: 70, position: 1000, dimension: 16, kvHeads: 1, group: 3, window: 512),
      Problem(rows: 33, position: 700, dimension: 80, kvHeads: 2, group: 1, window: 1),
      Problem(rows: 9, position: 130, dimension: 72, kvHeads: 2, group: 5, softCap: 5),
      Problem(rows: 3, position: 1100, dimension: 50, kvHeads: 1, group: 30, window: 600, softCap: 30),
    ]

  /// Largest errors of coarser caches on numbers between −2 and 2.
  static let coarse: [(keys: CacheElement, values: CacheElement, tolerance: Float)] = [
    (.f16, .f16, 1e-3), (.bf16, .bf16, 2e-2), (.q8_0, .q8_0, 5e-2), (.q8_0, .bf16, 4e-2), (.f16, .q8_0, 4e-2),
  ]
  /// Largest error where the reference has the rounded keys and queries: float32 against float64.
  static let roundedKeyTolerance: Float = 1e-5

  /// The same problem with every pair of element types but the exact one.
  static func coarsened(_ problem: Problem) -> [(Problem, Float)] {
    coarse.map { keys, values, tolerance in
      var problem = problem
      (problem.keyElement, problem.valueElement) = (keys, values)
      return (problem, tolerance)
    }
  }

  @Test(arguments: problems) func coarserCachesAreNearTheDefinition(_ problem: Problem) throws {
    let inputs = Inputs(problem)
    let expected = Self.reference(problem, inputs)
    for (problem, tolerance) in Self.coarsened(problem) {
      let found = try Self.run(problem, inputs, pool: WorkerPool(threadCount: 2))
      let error = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
      #expect(error <= tolerance, "\(problem.keyElement) keys, \(problem.valueElement) values")
      #expect(error > 0)
    }
  }

  /// Nothing is lost of keys and queries but what their types round away.
  @Test(arguments: problems, [CacheElement.bf16, .q8_0]) func roundsKeysAndQueriesAsTheirTypeDoes(
    _ problem: Problem, element: CacheElement
  ) throws {
    var problem = problem
    problem.keyElement = element
    let inputs = Inputs(problem)
    var rounded = inputs
    rounded.keys = Rounding.heads(inputs.keys, of: problem.dimension, to: element)
    rounded.queries = Rounding.heads(
      inputs.queries, of: problem.dimension, to: element, times: problem.scoreFactor)
    let expected = Self.reference(problem, rounded)
    let found = try Self.run(problem, inputs, pool: WorkerPool(threadCount: 2))
    let error = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(error <= Self.roundedKeyTolerance)
  }

  @Test(arguments: problems) func agreesWithTheDefinition(_ problem: Problem) throws {
    let inputs = Inputs(problem)
    let expected = Self.reference(problem, inputs)
    let found = try Self.run(problem, inputs, pool: WorkerPool(threadCount: 1))
    let error = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(error <= attentionTolerance)
  }

  @Test(arguments: problems) func isTheSameForAnyNumberOfThreads(_ problem: Problem) throws {
    let inputs = Inputs(problem)
    for problem in [problem] + Self.coarsened(problem).map(\.0) {
      let alone = try Self.run(problem, inputs, pool: WorkerPool(threadCount: 1))
      for threads in [2, 3] {
        let shared = try Self.run(problem, inputs, pool: WorkerPool(threadCount: threads))
        #expect(firstDifference(shared, alone) == nil)
      }
    }
  }

  @Test(arguments: problems, [1, 7, 24]) func isTheSameInParts(_ problem: Problem, step: Int) throws {
    let inputs = Inputs(problem)
    let pool = WorkerPool(threadCount: 2)
    for problem in [problem] + Self.coarsened(problem).map(\.0) {
      let whole = try Self.run(problem, inputs, pool: pool)
      let parts = try Self.run(problem, inputs, pool: pool, step: step)
      #expect(firstDifference(parts, whole) == nil)
    }
  }

  /// Position by position from an empty cache: blocks that are full in part, at every length.
  @Test(arguments: CacheElement.allCases, [36, 64]) func isTheSameAtEveryLength(
    element: CacheElement, dimension: Int
  ) throws {
    let problem = Problem(
      rows: 130, dimension: dimension, kvHeads: 1, group: 3, keyElement: element, valueElement: element)
    let inputs = Inputs(problem)
    let pool = WorkerPool(threadCount: 2)
    let whole = try Self.run(problem, inputs, pool: pool)
    #expect(firstDifference(try Self.run(problem, inputs, pool: pool, step: 1), whole) == nil)
  }
}
