internal import MinkeEngine
public import MinkeModels
internal import MinkeTensors

/// How a model is loaded.
public struct LoadOptions: Sendable {
  /// Threads that compute; by default as many as there are processors this process may keep busy.
  public var threadCount: Int?
  /// Tokens of one conversation, prompt and answer together; by default the model's own context length, at most
  /// ``defaultContextLimit``. Memory is taken up only as a conversation grows.
  public var contextLength: Int?
  /// How a conversation's keys are stored.
  public var keyCache: CacheType
  /// How a conversation's values are stored.
  public var valueCache: CacheType
  /// Where packed weights are kept between runs, so that a model starts at once; nil, the default, for nowhere.
  public var packCache: PackCache?
  /// Bytes of memory for the experts of a mixture. Where all take more, they stay in the file and are read as the model
  /// chooses them, those that it chooses most stay in memory, and ``packCache`` is not used. nil, the default: all are in
  /// memory.
  public var expertMemory: Int?

  /// Bytes of memory for keys and values of all conversations that run and of what is kept of others; nil, the default, is
  /// what two conversations of ``contextLength`` take. It is taken up only as conversations grow.
  public var cacheMemory: Int?

  /// Tokens of a prompt that are computed at once while no other conversation is there; nil, the default, is 512. A service
  /// that is asked something at any moment takes fewer, such as 48: who comes meanwhile waits less, and long prompts take a
  /// little longer.
  public var prefillChunk: Int?

  /// A smaller model of the same vocabulary that guesses tokens for the model to verify, several at a time, as far as that is
  /// faster. It changes no token. nil, the default: guesses come from the text alone.
  public var draft: DraftModel?
  /// Tokens that the draft model guesses before every pass, whatever it costs. For tests.
  package var draftCount: Int?

  /// What a conversation is limited to unless asked otherwise.
  public static let defaultContextLimit = 8192

  public init(
    threadCount: Int? = nil, contextLength: Int? = nil, keyCache: CacheType = .f16,
    valueCache: CacheType = .f16, packCache: PackCache? = nil, expertMemory: Int? = nil,
    cacheMemory: Int? = nil, prefillChunk: Int? = nil, draft: DraftModel? = nil
  ) {
    self.threadCount = threadCount
    self.contextLength = contextLength
    self.keyCache = keyCache
    self.valueCache = valueCache
    self.packCache = packCache
    self.expertMemory = expertMemory
    self.cacheMemory = cacheMemory
    self.prefillChunk = prefillChunk
    self.draft = draft
  }

  /// The context of a model that was trained on `trained` tokens.
  ///
  /// - Throws: if more is asked for than the model was trained on.
  func contextLength(trained: Int) throws(MinkeError) -> Int {
    guard let contextLength else { return min(trained, Self.defaultContextLimit) }
    guard (1...trained).contains(contextLength) else {
      throw MinkeError(
        .parameters,
        "the context is \(contextLength) tokens; expected 1 to \(trained), which the model was trained on")
    }
    return contextLength
  }

  func resolvedThreadCount(available: Int) throws(MinkeError) -> Int {
    guard let threadCount else { return available }
    guard (1...1024).contains(threadCount) else {
      throw MinkeError(.parameters, "the number of threads is \(threadCount); expected 1 to 1024")
    }
    return threadCount
  }
}

extension LoadOptions {
  /// How the engine divides memory.
  ///
  /// - Parameter draft: the draft model's.
  func engineOptions(
    _ configuration: ModelConfiguration, draft: ModelConfiguration? = nil, contextLength: Int
  ) throws(MinkeError) -> EngineOptions {
    let (keys, values) = (keyCache.element, valueCache.element)
    let shape = configuration.cacheShape(keys, values)
    // A block more for each is copied to where two conversations part.
    let positions = contextLength.addingReportingOverflow(KVCacheShape.blockLength)
    guard !positions.overflow, let own = shape.byteCount(capacity: positions.partialValue),
      let drafts = draft.map({ $0.cacheShape(keys, values).byteCount(capacity: positions.partialValue) })
        ?? 0,
      case (let bytes, let overflow) = own.addingReportingOverflow(drafts), !overflow, bytes <= Int.max / 2
    else {
      throw MinkeError(
        .memory,
        "keys and values of \(contextLength) tokens do not fit the address space: lower the context length")
    }
    var options = EngineOptions(
      cacheBytes: cacheMemory ?? 2 * bytes, contextLength: contextLength, keys: keys, values: values
    )
    options.draftCount = draftCount
    if let prefillChunk {
      guard (1...options.limits.rows).contains(prefillChunk) else {
        throw MinkeError(
          .parameters, "the chunk of prefill is \(prefillChunk) tokens; expected 1 to \(options.limits.rows)")
      }
      options.limits.soloChunk = prefillChunk
      options.limits.chunk = min(options.limits.chunk, prefillChunk)
    }
    return options
  }
}
