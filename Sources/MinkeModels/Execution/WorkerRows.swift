internal import MinkeTensors

/// Rows that every worker has for itself in passes over few tokens.
///
/// Norms, rotations and quantisation of a few rows take less time than a barrier: each worker does them all, with the
/// same bits, on memory of its own, and nobody waits for anybody.
@safe
struct WorkerRows {
  /// Rows of a pass up to which workers do them all.
  static let limit = 4

  /// `[limit, hiddenSize]`
  let hidden: Rows
  let normed: MatmulInput
  /// `[limit, heads · keyLength]`
  let rotated: Rows
  /// The quantised form of what attention writes; its floats are shared.
  let attendedBlocks: UnsafeMutableRawPointer

  /// The worker's own, in passes over any number of tokens.
  let groups: ExpertGroups?

  init(_ arena: Arena, _ configuration: ModelConfiguration, groups: ExpertGroups?) throws(TensorError) {
    self.groups = groups
    let (width, queryWidth) = (configuration.hiddenSize, configuration.attention.queryWidth)
    hidden = try arena.rows(count: Self.limit, width: width)
    let floats = try arena.rows(count: Self.limit, width: width)
    let blocks = MatmulInput.byteCount(tokens: Self.limit, width: width) ?? 0
    normed = unsafe MatmulInput(floats, blocks: try arena.allocate(UInt8.self, count: blocks))
    rotated = try arena.rows(count: Self.limit, width: queryWidth)
    let attended = MatmulInput.byteCount(tokens: Self.limit, width: configuration.attention.outputWidth) ?? 0
    unsafe attendedBlocks = UnsafeMutableRawPointer(try arena.allocate(UInt8.self, count: attended))
  }

  /// Bytes that one worker's rows take, the alignment of each part included; nil when they overflow.
  static func parts(_ configuration: ModelConfiguration) -> [Int?] {
    let (width, queryWidth) = (configuration.hiddenSize, configuration.attention.queryWidth)
    return [width, width, queryWidth].map { Arena.byteCount(rows: limit, width: $0) }
      + [width, configuration.attention.outputWidth].map { MatmulInput.byteCount(tokens: limit, width: $0) }
  }
}

extension ForwardPass {
  /// The pass as a worker sees it: with rows of its own where there are few.
  func seen(by worker: Worker, _ own: WorkerRows) -> ForwardPass {
    var pass = self
    if let groups = own.groups { pass.experts?.groups = groups }
    guard hidden.count <= WorkerRows.limit else {
      pass.rowWorker = worker
      return pass
    }
    pass.hidden = own.hidden.rows(0..<hidden.count)
    pass.normed = own.normed.first(hidden.count)
    pass.rotated = own.rotated.rows(0..<hidden.count)
    pass.attended = unsafe MatmulInput(attended.floats, blocks: own.attendedBlocks)
    pass.headInput = own.normed.first(headInput.floats.count)
    return pass
  }
}
