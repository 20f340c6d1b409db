internal import MinkeTensors

/// What a mixture of experts reads and writes in a pass; a *pair* is a row and one of its experts.
///
/// A trivial view of a workspace's arena.
@safe
struct ExpertRows {
  /// The router's logits, then the gate's scores `[rows, experts]`.
  var scores: Rows
  /// `[rows, experts]`
  var preferences: Rows
  /// `[rows · used]`
  let chosen: UnsafeMutablePointer<Int32>
  /// What a pair's result is multiplied by `[rows · used]`.
  let factors: UnsafeMutablePointer<Float>
  /// `[rows, 1]`
  var sharedGate: Rows
  /// `[pairs, hiddenSize]`
  let input: MatmulInput
  /// `[pairs, expert width]`
  let gated: MatmulInput
  /// `[pairs, hiddenSize]`
  let results: Rows
  /// One worker's own.
  var groups: ExpertGroups

  /// - Parameter limits: rows of the largest batch.
  init(_ arena: Arena, _ experts: ExpertConfiguration, hiddenSize: Int, rows: Int) throws(TensorError) {
    let pairs = rows * experts.usedCount
    scores = try arena.rows(count: rows, width: experts.count)
    preferences = try arena.rows(count: rows, width: experts.count)
    unsafe chosen = try arena.allocate(Int32.self, count: pairs)
    unsafe factors = try arena.allocate(Float.self, count: pairs)
    sharedGate = try arena.rows(count: rows, width: 1)
    input = try arena.matmulInput(count: pairs, width: hiddenSize)
    gated = try arena.matmulInput(count: pairs, width: experts.feedForwardSize)
    results = try arena.rows(count: pairs, width: hiddenSize)
    groups = try Self.groups(arena, experts, rows: rows)
  }

  /// Memory of one worker's groups.
  static func groups(
    _ arena: Arena, _ experts: ExpertConfiguration, rows: Int
  ) throws(TensorError) -> ExpertGroups {
    let count = ExpertGroups.memoryCount(expertCount: experts.count, usedCount: experts.usedCount, rows: rows)
    return unsafe ExpertGroups(
      expertCount: experts.count, usedCount: experts.usedCount, rows: rows,
      memory: try arena.allocate(Int32.self, count: count ?? 0))
  }

  /// Bytes of each part, nil where they overflow.
  static func parts(
    _ experts: ExpertConfiguration, hiddenSize: Int, rows: Int, threadCount: Int
  ) -> [Int?] {
    let (pairs, overflow) = rows.multipliedReportingOverflow(by: experts.usedCount)
    guard !overflow else { return [nil] }
    let groups = ExpertGroups.memoryCount(
      expertCount: experts.count, usedCount: experts.usedCount, rows: rows
    ).map { $0.multipliedSaturated(by: MemoryLayout<Int32>.stride) }
    return [
      Arena.byteCount(rows: rows, width: experts.count), Arena.byteCount(rows: rows, width: experts.count),
      pairs.multipliedSaturated(by: MemoryLayout<Int32>.stride),
      pairs.multipliedSaturated(by: MemoryLayout<Float>.stride), Arena.byteCount(rows: rows, width: 1),
      Arena.byteCount(rows: pairs, width: hiddenSize),
      MatmulInput.byteCount(tokens: pairs, width: hiddenSize),
      Arena.byteCount(rows: pairs, width: experts.feedForwardSize),
      MatmulInput.byteCount(tokens: pairs, width: experts.feedForwardSize),
      Arena.byteCount(rows: pairs, width: hiddenSize),
    ] + Array(repeating: groups, count: threadCount + 1)
  }

  /// The views of a pass over `count` rows.
  func first(_ count: Int) -> ExpertRows {
    var part = self
    part.scores = scores.rows(0..<count)
    part.preferences = preferences.rows(0..<count)
    part.sharedGate = sharedGate.rows(0..<count)
    return part
  }
}

extension Arena {
  /// Rows of floats, with room for their 8-bit form.
  func matmulInput(count: Int, width: Int) throws(TensorError) -> MatmulInput {
    let floats = try rows(count: count, width: width)
    let bytes = MatmulInput.byteCount(tokens: count, width: width) ?? 0
    return unsafe MatmulInput(floats, blocks: try allocate(UInt8.self, count: bytes))
  }
}
