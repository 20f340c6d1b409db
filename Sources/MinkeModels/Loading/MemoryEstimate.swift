package import MinkeCheckpoints
package import MinkeTensors

/// What a model will take of memory, known before it is loaded, in bytes.
public struct MemoryEstimate: Sendable, Hashable {
  /// Packed weights that are in memory, ``expertBudget`` included where experts stay in the file.
  public private(set) var weights: Int
  /// Activations and logits of one pass.
  public private(set) var workspace: Int
  /// Keys and values of one sequence of the context that was asked for.
  public private(set) var cache: Int
  /// Keys and values of one position.
  public private(set) var cachePerToken: Int
  /// What the experts of a mixture take of ``weights``, and of the file.
  public let experts: ExpertMemory?
  /// The memory in which experts are kept that are read as they are needed; nil where all are in memory.
  public let expertBudget: Int?

  public var total: Int { weights.addingSaturated(workspace).addingSaturated(cache) }
}

extension MemoryEstimate {
  /// - Parameters:
  ///   - contextLength: positions of the one sequence there is a cache for.
  ///   - expertBudget: memory for the experts of a mixture, where not all may be in memory.
  package init(
    _ configuration: ModelConfiguration, tensors: [TensorRecord], contextLength: Int,
    limits: Workspace.Limits = .init(), keys: CacheElement = .f16, values: CacheElement = .f16,
    threadCount: Int = 1, expertBudget: Int? = nil
  ) {
    experts = ExpertMemory(configuration, tensors: tensors)
    self.expertBudget = experts.flatMap { experts in
      expertBudget.flatMap { $0 < experts.packedBytes ? $0 : nil }
    }
    let resident = self.expertBudget == nil ? tensors : tensors.filter { !ExpertMemory.holds($0) }
    weights = Self.packedWeights(of: resident, configuration).addingSaturated(self.expertBudget ?? 0)
    let scratch = AttentionScratch.byteCount(
      headDimension: configuration.cachedKeyLength, workerCount: threadCount)
    workspace = (Workspace.byteCount(configuration, limits, threadCount: threadCount) ?? .max)
      .addingSaturated(scratch)
    let shape = configuration.cacheShape(keys, values)
    cache = (shape.byteCount(capacity: max(contextLength, 1)) ?? .max)
      .addingSaturated(shape.stateByteCount ?? .max)
    let block = KVCacheShape.blockLength
    cachePerToken = (shape.byteCount(capacity: block) ?? .max) / block
  }

  /// Counts what a draft model takes too.
  package mutating func add(_ draft: MemoryEstimate) {
    weights = weights.addingSaturated(draft.weights)
    workspace = workspace.addingSaturated(draft.workspace)
    cache = cache.addingSaturated(draft.cache)
    cachePerToken = cachePerToken.addingSaturated(draft.cachePerToken)
  }

  /// What is left for experts where not all of them fit; nil where everything fits, and where experts staying in the file
  /// would not be enough.
  package func expertBudget(available: Int) -> Int? {
    guard let experts, expertBudget == nil, total > available, total < .max else { return nil }
    return experts.budget(leaving: available - (total - experts.packedBytes))
  }

  /// The tensors that are packed: every one but an embedding that has a separate output matrix beside it, which
  /// stays in the file, and those of layers that are not used.
  static func packedTensors(
    of tensors: [TensorRecord], _ configuration: ModelConfiguration
  ) -> [TensorRecord] {
    let untied = tensors.contains { $0.name == "output.weight" }
    return tensors.filter {
      !(untied && $0.name == "token_embd.weight") && !configuration.isOfDraft($0.name)
    }
  }

  /// Bytes that the weights take once packed. Types that cannot be packed count as nothing: they are
  /// refused when their tensor is asked for.
  static func packedWeights(of tensors: [TensorRecord], _ configuration: ModelConfiguration) -> Int {
    var total = 0
    for tensor in packedTensors(of: tensors, configuration) {
      guard let type = tensor.type else { continue }
      // Each begins at a cache line.
      total = total.addingSaturated(packedBytes(tensor, type, configuration)).addingSaturated(Arena.alignment)
    }
    return total
  }

  /// Bytes of one tensor.
  static func packedBytes(
    _ tensor: TensorRecord, _ type: ElementType, _ configuration: ModelConfiguration
  ) -> Int {
    let columns = tensor.dimensions.first ?? 1
    let rows = tensor.elementCount / max(columns, 1)
    let floats = tensor.elementCount.multipliedSaturated(by: MemoryLayout<Float>.stride)
    if tensor.name.hasSuffix(".attn_kv_b.weight"), let latent = configuration.latent {
      let attention = configuration.attention
      let keys = PackedMatrices.byteCount(
        type: TurnedRows.type(of: type), count: attention.headCount, rows: latent.latentLength,
        columns: latent.plainLength)
      let values = PackedMatrices.byteCount(
        type: type, count: attention.headCount, rows: attention.valueLength, columns: latent.latentLength)
      return (keys ?? 0).addingSaturated(values ?? 0).addingSaturated(Arena.alignment)
    }
    if tensor.dimensions.count == 3 {
      return PackedMatrices.byteCount(
        type: type, count: tensor.dimensions[2], rows: tensor.dimensions[1], columns: columns) ?? 0
    }
    let isMatrix = tensor.dimensions.count > 1 || tensor.name.hasSuffix(".ffn_gate_inp_shexp.weight")
    return isMatrix ? PackedMatrix.byteCount(type: type, rows: rows, columns: columns) ?? 0 : floats
  }
}

extension Int {
  /// The sum, or the largest integer where it overflows; for sizes, which are not negative.
  func addingSaturated(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  func multipliedSaturated(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
