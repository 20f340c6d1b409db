package import MinkeCheckpoints
package import MinkeTensors
internal import Synchronization

/// A decoder-only transformer ready to run: its configuration and its packed weights.
///
///     let model = try Transformer(openCheckpoint(path: "model.gguf"), pool: WorkerPool(threadCount: 2))
///     let workspace = try model.makeWorkspace()
///     let cache = try model.makeCache(capacity: 4096)
///     let logits = try model.forward([SequenceInput(prompt, cache: cache)], in: workspace)
///
/// A row's logits depend on the tokens before it in its sequence and on nothing else: not on how a prompt
/// is cut into batches, on what other sequences share a batch, or on the number of threads. They are the
/// same bits.
@safe
package final class Transformer: @unchecked Sendable {
  // Sendable by hand: weights are written while loading, before the object exists, and only read after; those of experts
  // that stay in the file are the cache's.

  package let configuration: ModelConfiguration
  package let pool: WorkerPool
  /// What a pass has to do and to read.
  package let cost: PassCost
  /// Bytes of the packed weights.
  package var weightByteCount: Int { weights.used }
  /// Where the weights came from.
  package let weightOrigin: WeightOrigin
  /// What keeps the packed weights for the next time, where they are being kept.
  package let packWriting: PackWriting?

  /// How experts have been brought into memory; nil where all are there.
  package var expertStatistics: ExpertStatistics? { experts?.statistics }

  private let architecture: any Architecture
  private let weights: Arena
  private let experts: ExpertCache?
  let file: any Checkpoint
  let packCache: PackCache?
  /// Once it is known.
  let digest = Mutex<String?>(nil)
  /// Its rows are read where they lie, in the file or in memory.
  private let embedding: StoredTensor
  /// By what the frequencies of ``ModelConfiguration/rotary`` are divided.
  private let rotaryDivisors: [Float]?

  /// Checks the whole checkpoint, then takes its packed weights from `packCache` or packs them, on the threads of
  /// `pool`.
  ///
  /// - Parameter expertBudget: bytes of memory for the experts of a mixture; where they take more, they stay in the file and
  ///   are read as they are needed. nil: all are in memory.
  /// - Throws: `CheckpointError` for anything that is wrong with the file; `TensorError` when memory is
  ///   refused.
  package init(
    _ file: any Checkpoint, pool: WorkerPool, packCache: PackCache? = nil, expertBudget: Int? = nil
  ) throws {
    let family = try ArchitectureRegistry.architecture(of: file.metadata)
    configuration = try ModelConfiguration(file)
    // Before memory is reserved for what the header only claims to hold.
    try file.validateTensors()
    cost = PassCost(configuration, tensors: file.tensors)
    var loader = try WeightLoader(file, configuration, expertBudget: expertBudget)
    rotaryDivisors = try loader.rotaryDivisors()
    architecture = try family.init(configuration, &loader)
    let loaded = try loader.finish(with: pool, cache: packCache)
    (weights, weightOrigin, packWriting) = (loaded.arena, loaded.origin, loaded.writing)
    experts = loaded.experts
    self.file = file
    self.packCache = packCache
    embedding = loaded.embedding
    self.pool = pool
  }

  /// Memory for passes of up to `limits`.
  package func makeWorkspace(_ limits: Workspace.Limits = .init()) throws -> Workspace {
    try Workspace(configuration, limits, rotary: rotaryDivisors, threadCount: pool.threadCount)
  }

  /// An empty cache for a sequence of up to `capacity` tokens.
  package func makeCache(
    capacity: Int, keys: CacheElement = .f16, values: CacheElement = .f16
  ) throws(TensorError) -> KVCache {
    try KVCache(configuration.cacheShape(keys, values), capacity: capacity)
  }

  /// Empty sums of the inputs of this model's matrices.
  package func makeStatistics() throws(TensorError) -> ActivationStatistics {
    try ActivationStatistics(
      configuration, tensors: file.tensors, outputName: WeightLoader.outputName(of: file) + ".weight")
  }

  /// Measures the machine on the memory that the weights lie in, where that is more than caches hold.
  ///
  /// - Parameter byteCount: memory to reserve and read where it is less.
  package func makeProbe(byteCount: Int) throws(TensorError) -> MachineProbe {
    weightByteCount >= 64 << 20
      ? MachineProbe(reading: weights, byteCount: weightByteCount, pool: pool)
      : try MachineProbe(byteCount: byteCount, pool: pool)
  }
}

// MARK: Running

extension Transformer {
  /// Runs the next tokens of some sequences, appending their keys and values to the sequences' caches.
  ///
  /// Nothing is allocated: a caller that keeps its batch and gives each sequence its next token
  /// (``SequenceInput/setToken(_:)``) decodes without any.
  ///
  /// - Parameter statistics: what the inputs of the model's matrices are added to, where that is wanted.
  /// - Returns: logits `[sum of logitCount, vocabulary]`, sequence after sequence. They lie in `workspace`
  ///   and are overwritten by its next pass.
  /// - Throws: ``ModelError`` for a token outside the vocabulary and for a batch that exceeds the
  ///   workspace or a cache; caches are then as before.
  package func forward(
    _ batch: [SequenceInput], in workspace: Workspace, adding statistics: ActivationStatistics? = nil
  ) throws(ModelError) -> Rows {
    try check(workspace)
    var pass = try workspace.lay(batch, embeds: false)
    if let statistics { pass.sums = statistics.begin(rows: pass.hidden.count, logitRows: pass.logits.count) }
    if pass.hidden.count > 0 { run(architecture, pass, workspace) }
    return pass.logits
  }

  /// Runs the next tokens of some sequences as ``forward(_:in:adding:)`` does, for what the model makes of them rather than
  /// for what follows.
  ///
  /// - Returns: the final norm of all tokens' residual stream `[sum of tokens, hiddenSize]`, sequence after sequence;
  ///   ``SequenceInput/logitCount`` is of no account. The rows lie in `workspace` and are overwritten by its next pass.
  package func embed(_ batch: [SequenceInput], in workspace: Workspace) throws(ModelError) -> Rows {
    try check(workspace)
    let pass = try workspace.lay(batch, embeds: true)
    if pass.hidden.count > 0 { run(architecture, pass, workspace) }
    return workspace.embeddings(rows: pass.hidden.count)
  }

  private func check(_ workspace: Workspace) throws(ModelError) {
    guard workspace.configuration == configuration, workspace.threadCount >= pool.threadCount else {
      throw ModelError(.workspace, "workspace", found: "another model's", expected: "this model's")
    }
  }

  /// Appends all of `tokens` to `cache`, in as many passes as the workspace needs.
  ///
  /// - Returns: the last token's logits `[1, vocabulary]`.
  package func prefill(
    _ tokens: [Int32], cache: KVCache, in workspace: Workspace
  ) throws(ModelError) -> Rows {
    var rest = tokens[...]
    while rest.count > workspace.limits.rows {
      let part = rest.prefix(workspace.limits.rows)
      _ = try forward([SequenceInput(part, cache: cache, logitCount: 0)], in: workspace)
      rest = rest.dropFirst(part.count)
    }
    return try forward([SequenceInput(rest, cache: cache)], in: workspace)
  }

  /// One parallel region, for a concrete architecture: the layers' code is specialised for it.
  private func run<Family: Architecture>(_ family: Family, _ pass: ForwardPass, _ workspace: Workspace) {
    pool.run(PassJob(family: family, pass: pass, rows: workspace.workerRows))
  }
}

/// What each worker does in a pass.
private struct PassJob<Family: Architecture>: RegionJob {
  let family: Family
  let pass: ForwardPass
  /// One for each worker.
  let rows: [WorkerRows]

  func run(_ worker: Worker) {
    let seen = pass.seen(by: worker, rows[worker.index])
    seen.fillRotaryTables(worker)
    family.forward(seen, worker: worker)
  }
}
