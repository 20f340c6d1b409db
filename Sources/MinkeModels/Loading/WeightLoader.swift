internal import MinkeCheckpoints
internal import MinkeTensors

/// Hands out the weights of a checkpoint by name and shape, and packs them.
///
/// Loading has two steps, so that a checkpoint is checked completely before any work is done on it.
/// Asking for a weight checks its tensor (present, of the expected shape and a supported type, its data
/// within the file) and reserves its place in the arena; ``finish(with:cache:)`` refuses tensors that nothing
/// asked for and fills all places: from a ``PackCache``, or by packing in one parallel region.
struct WeightLoader: ~Copyable {
  private let file: any Checkpoint
  private let arena: Arena
  private var jobs: [PackingJob] = []
  private var asked: Set<String> = []
  /// A line for each place in the arena: which places there are follows from the file and from this build.
  private var plan: String
  private var embeddingTensor: StoredTensor?
  /// Where experts are kept that stay in the file; nil where all weights are packed.
  private let experts: ExpertCache?
  private let configuration: ModelConfiguration

  /// Tensors that some converters write and nothing needs: RoPE frequencies that follow from the
  /// metadata.
  private static let superfluousSuffixes = [".attn_rot_embd.weight", ".rotary_emb.inv_freq"]

  /// - Parameter expertBudget: memory for the experts of a mixture, which stay in the file where it is less than all
  ///   take.
  init(_ file: any Checkpoint, _ configuration: ModelConfiguration, expertBudget: Int? = nil) throws {
    let experts = try expertBudget.flatMap {
      try ExpertCache(configuration, tensors: file.tensors, budget: $0)
    }
    let packed = experts == nil ? file.tensors : file.tensors.filter { !ExpertMemory.holds($0) }
    let arena = try Arena(
      byteCount: MemoryEstimate.packedWeights(of: packed, configuration), for: "weights", isFilled: true)
    self.file = file
    self.arena = arena
    self.experts = experts
    self.configuration = configuration
    plan = Self.recipe(file)
  }

  /// Lines on what decides on tensors beside the bytes of a checkpoint's files: how they are made, and where one file ends.
  private static func recipe(_ file: any Checkpoint) -> String {
    guard file.recipe > 0 else { return "" }
    return "recipe \(file.recipe)\n" + file.parts.map { "file of \($0.count)\n" }.joined()
  }

  /// The matrix `name.weight` `[outputs, inputs]` with `name.bias` where the file has one.
  mutating func linear(_ name: String, inputs: Int, outputs: Int) throws -> Linear {
    let weight = try packed(name + ".weight", rows: outputs, columns: inputs)
    let bias = unsafe try optionalVector(name + ".bias", count: outputs)
    return unsafe Linear(weight: weight, bias: bias)
  }

  /// The matrix that turns the residual stream into logits: `output.weight`, or the embedding.
  mutating func outputProjection() throws -> Linear {
    try linear(
      Self.outputName(of: file), inputs: configuration.hiddenSize, outputs: configuration.vocabularySize)
  }

  static func outputName(of file: any Checkpoint) -> String {
    file.hasTensor(named: "output.weight") ? "output" : "token_embd"
  }

  /// `token_embd.weight`, which stays in the mapped file.
  mutating func embedding() throws -> Embedding {
    let tensor = try tensor(
      "token_embd.weight", dimensions: [configuration.hiddenSize, configuration.vocabularySize]
    ).resident()
    embeddingTensor = tensor
    return Embedding(table: try tensor.matrix, scale: configuration.embeddingScale)
  }

  /// The norm `name.weight` `[width]`, with the model's ε unless another is given.
  mutating func norm(_ name: String, width: Int, epsilon: Float? = nil) throws -> RMSNorm {
    let weight = unsafe try vector(name + ".weight", count: width)
    return unsafe RMSNorm(weight: weight, width: width, epsilon: epsilon ?? configuration.normEpsilon)
  }

  /// `rope_freqs.weight`: by what the frequencies of the rotation are divided, one value for each pair; nil
  /// where the file has none.
  mutating func rotaryDivisors() throws -> [Float]? {
    let name = "rope_freqs.weight"
    guard file.hasTensor(named: name) else { return nil }
    let count = configuration.rotary.dimensions / 2
    let tensor = try tensor(name, dimensions: [count])
    var values = [Float](repeating: 0, count: count)
    try unsafe values.withUnsafeMutableBufferPointer { try unsafe tensor.readFloats(0..<1, into: $0) }
    if let value = values.first(where: { !($0.isFinite && $0 > 0) }) {
      throw CheckpointError(
        .outOfRange, path: file.path, at: .tensor(name), found: "\(value)",
        expected: "finite, positive divisors of frequencies")
    }
    return values
  }

  /// Fills all places. Packing gives back the mapped pages of the file as it goes.
  consuming func finish(with pool: WorkerPool, cache: PackCache? = nil) throws -> LoadedWeights {
    try refuseSuperfluousTensors()
    guard let embeddingTensor else { preconditionFailure("every architecture has an embedding") }
    let byteCount = (arena.used + 65535) & -65536
    // Packed weights are found by a digest of the file, and one larger than memory is not to be read whole for a part that
    // packs in little time.
    let cache = experts == nil ? cache : nil
    let entry = cache.flatMap { PackEntry($0, file, plan: plan, byteCount: byteCount) }
    if let entry, try entry.load(into: arena, with: pool) {
      return LoadedWeights(
        arena: arena, embedding: embeddingTensor, origin: .packCache, writing: nil, experts: experts)
    }
    let jobs = self.jobs
    pool.run { worker in
      for job in jobs { job.run(worker) }
    }
    return LoadedWeights(
      arena: arena, embedding: embeddingTensor, origin: .checkpoint, writing: entry?.keep(arena),
      experts: experts)
  }

  private borrowing func refuseSuperfluousTensors() throws(CheckpointError) {
    for tensor in file.tensors where !asked.contains(tensor.name) && !configuration.isOfDraft(tensor.name) {
      guard !Self.superfluousSuffixes.contains(where: tensor.name.hasSuffix) else { continue }
      throw CheckpointError(
        .unsupported, path: file.path, at: .tensor(tensor.name),
        found: "a tensor that the architecture does not have", expected: "the architecture's tensors only",
        remedy: "this may be a variant of the family that is not supported")
    }
  }
}

// MARK: Places in the arena

extension WeightLoader {
  private mutating func vector(_ name: String, count: Int) throws -> UnsafePointer<Float> {
    let tensor = try tensor(name, dimensions: [count]).resident()
    let place = unsafe try arena.allocate(Float.self, count: count)
    unsafe record(name, tensor.type, rows: 1, columns: count, at: UnsafeRawPointer(place))
    let stored = try tensor.matrix
    unsafe jobs.append(PackingJob(contents: .floats(tensor, stored, place)))
    return unsafe UnsafePointer(place)
  }

  mutating func optionalVector(_ name: String, count: Int) throws -> UnsafePointer<Float>? {
    guard file.hasTensor(named: name) else { return nil }
    return unsafe try vector(name, count: count)
  }

  /// `name`, a vector, as the matrix `[1, columns]`; nil where the file has none.
  mutating func optionalRow(_ name: String, columns: Int) throws -> Linear? {
    guard file.hasTensor(named: name) else { return nil }
    let isVector = try file.weight(named: name).dimensions.count == 1
    let tensor = try tensor(name, dimensions: isVector ? [columns] : [columns, 1])
    return unsafe Linear(weight: try packed(tensor, rows: 1, columns: columns), bias: nil)
  }

  /// The matrices `name` `[count][rows, columns]`.
  mutating func matrices(_ name: String, count: Int, rows: Int, columns: Int) throws -> PackedMatrices {
    let tensor = try tensor(name, dimensions: [columns, rows, count])
    let matrices = try place(name, tensor.type, count: count, rows: rows, columns: columns)
    let stored = try tensor.stored?.matrix
    for index in 0..<count {
      unsafe jobs.append(
        PackingJob(contents: .rows(tensor, stored, matrices[index], first: index * rows)))
    }
    return matrices
  }

  /// The matrices `names`, each `[count][rows, columns]`, of the next layer with experts where they stay in the file; nil
  /// where they are to be packed.
  mutating func streamed(
    _ names: [String], count: Int, _ shapes: [(rows: Int, columns: Int)], router: ExpertRouter
  ) throws -> (matrices: [PackedMatrices], cache: ExpertCache, layer: Int)? {
    guard let experts else { return nil }
    let tensors = try zip(names, shapes).map { name, shape in
      try tensor(name, dimensions: [shape.columns, shape.rows, count])
    }
    let layer = experts.layers.count
    return (try experts.add(tensors, router: router).matrices.map(\.packed), experts, layer)
  }

  /// Room for matrices of one type and shape.
  private mutating func place(
    _ name: String, _ type: ElementType, count: Int, rows: Int, columns: Int
  ) throws -> PackedMatrices {
    guard let bytes = PackedMatrices.byteCount(type: type, count: count, rows: rows, columns: columns) else {
      throw CheckpointError(
        .malformed, path: file.path, at: .tensor(name),
        found: "\(count) times \(rows) rows of \(columns) \(type)",
        expected: "a size that fits the address space")
    }
    let base = unsafe try arena.allocate(UInt8.self, count: bytes)
    unsafe record(name, type, rows: count * rows, columns: columns, at: UnsafeRawPointer(base))
    return unsafe PackedMatrices(
      type: type, count: count, rows: rows, columns: columns, base: UnsafeMutableRawPointer(base))
  }

  /// What brings latents to each head's keys, turned, and to its values: `attn_k_b` and `attn_v_b`, or `attn_kv_b`, in
  /// which older files have both.
  ///
  /// - Returns: keys `[heads][latent, plain]`, values `[heads][value, latent]`.
  mutating func latentUpMatrices(
    _ prefix: String, heads: Int, plain: Int, value: Int, latent: Int
  ) throws -> (key: PackedMatrices, value: PackedMatrices) {
    let joined = prefix + "attn_kv_b.weight"
    guard file.hasTensor(named: joined) else {
      return (
        try matrices(prefix + "attn_k_b.weight", count: heads, rows: latent, columns: plain),
        try matrices(prefix + "attn_v_b.weight", count: heads, rows: value, columns: latent)
      )
    }
    let tensor = try tensor(joined, dimensions: [latent, heads * (plain + value)])
    let keys = try place(
      joined + " keys", TurnedRows.type(of: tensor.type), count: heads, rows: latent, columns: plain)
    let values = try place(joined + " values", tensor.type, count: heads, rows: value, columns: latent)
    let (stored, floats) = (try tensor.stored?.matrix, try tensor.floatRows())
    for head in 0..<heads {
      let first = head * (plain + value)
      let turned = TurnedRows(source: floats, rows: first..<first + plain, columns: latent)
      unsafe jobs.append(PackingJob(contents: .turned(turned, keys[head])))
      unsafe jobs.append(PackingJob(contents: .rows(tensor, stored, values[head], first: first + plain)))
    }
    return (keys, values)
  }

  private mutating func packed(_ name: String, rows: Int, columns: Int) throws -> PackedMatrix {
    try packed(try tensor(name, dimensions: [columns, rows]), rows: rows, columns: columns)
  }

  private mutating func packed(
    _ tensor: CheckpointTensor, rows: Int, columns: Int
  ) throws -> PackedMatrix {
    let name = tensor.name
    guard let bytes = PackedMatrix.byteCount(type: tensor.type, rows: rows, columns: columns) else {
      throw CheckpointError(
        .malformed, path: file.path, at: .tensor(name), found: "\(rows) rows of \(columns) \(tensor.type)",
        expected: "a size that fits the address space")
    }
    let place = unsafe try arena.allocate(UInt8.self, count: bytes)
    unsafe record(name, tensor.type, rows: rows, columns: columns, at: UnsafeRawPointer(place))
    let matrix = unsafe PackedMatrix(
      type: tensor.type, rows: rows, columns: columns, base: UnsafeMutableRawPointer(place))
    unsafe jobs.append(PackingJob(contents: .rows(tensor, try tensor.stored?.matrix, matrix, first: 0)))
    return matrix
  }

  private mutating func record(
    _ name: String, _ type: ElementType, rows: Int, columns: Int, at place: UnsafeRawPointer
  ) {
    let offset = unsafe place - UnsafeRawPointer(arena.base)
    plan += "\(name) \(type) \(rows) \(columns) \(offset)\n"
  }

  /// The checked tensor of these dimensions, in file order: columns first.
  private mutating func tensor(_ name: String, dimensions: [Int]) throws -> CheckpointTensor {
    asked.insert(name)
    return try file.weight(named: name, dimensions: dimensions)
  }
}
