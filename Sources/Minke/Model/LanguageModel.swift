package import MinkeChat
package import MinkeCheckpoints
package import MinkeEngine
public import MinkeModels
public import MinkeSampling
internal import MinkeTensors
package import MinkeTokenizers

/// A model that is ready to answer: weights, tokenizer and chat template of one checkpoint.
///
/// ```swift
/// let model = try LanguageModel.load(path: "model.gguf")
/// let session = ChatSession(model: model)
/// for try await event in session.respond(to: "What is the capital of France?") {
///   if case .answer(let text) = event { print(text, terminator: "") }
/// }
/// ```
public final class LanguageModel: Sendable {
  /// What the file says of itself.
  public let information: ModelInformation
  /// Tokens of one conversation, prompt and answer together.
  public let contextLength: Int
  /// How tokens are chosen unless the caller says otherwise: what the model's authors advise.
  public let defaultSampling: SamplingParameters

  package let tokenizer: Tokenizer
  package let template: ChatTemplate
  package let family: FamilyDefaults
  /// Tokens that end an answer.
  package let endTokens: Set<TokenID>
  package let engine: Engine
  let grammarVocabulary = GrammarVocabulary()

  /// Opens, checks and packs a checkpoint: a GGUF file (for a split one, any of its parts) or a folder in Hugging Face
  /// layout.
  ///
  /// - Throws: ``MinkeError``: the file is damaged or of a kind that cannot be run, or memory is refused.
  public static func load(path: String, options: LoadOptions = LoadOptions()) throws(MinkeError)
    -> LanguageModel
  {
    try rethrowing { try LanguageModel(openCheckpoint(path: path), options) }
  }

  /// The same for a checkpoint that is open already.
  package static func load(_ file: any Checkpoint, options: LoadOptions) throws(MinkeError) -> LanguageModel {
    try rethrowing { try LanguageModel(file, options) }
  }

  /// What the model would take of memory with a conversation of `contextLength` tokens; nothing is loaded.
  public static func estimateMemory(
    path: String, options: LoadOptions = LoadOptions()
  ) throws(MinkeError) -> MemoryEstimate {
    try rethrowing { try estimateMemory(openCheckpoint(path: path), options: options) }
  }

  /// The same for a checkpoint that is open already.
  package static func estimateMemory(
    _ file: any Checkpoint, options: LoadOptions
  ) throws(MinkeError) -> MemoryEstimate {
    try rethrowing {
      let configuration = try ModelConfiguration(file)
      let contextLength = try options.contextLength(trained: configuration.contextLength)
      let threads = try options.resolvedThreadCount(available: WorkerPool.availableProcessors)
      func estimate(
        _ configuration: ModelConfiguration, _ file: any Checkpoint, expertBudget: Int?
      ) -> MemoryEstimate {
        MemoryEstimate(
          configuration, tensors: file.tensors, contextLength: contextLength,
          keys: options.keyCache.element, values: options.valueCache.element, threadCount: threads,
          expertBudget: expertBudget)
      }
      var total = estimate(configuration, file, expertBudget: options.expertMemory)
      if let draft = options.draft {
        let file = try openCheckpoint(path: draft.path)
        total.add(estimate(try ModelConfiguration(file), file, expertBudget: nil))
      }
      return total
    }
  }

  private init(_ file: any Checkpoint, _ options: LoadOptions) throws {
    let configuration = try ModelConfiguration(file)
    contextLength = try options.contextLength(trained: configuration.contextLength)
    let threads = try options.resolvedThreadCount(available: WorkerPool.availableProcessors)
    let text = try ModelText(file, vocabularySize: configuration.vocabularySize)
    // The tokenizer has copied what it needs.
    file.releaseMetadataPages()
    tokenizer = text.tokenizer
    template = text.template
    family = text.family
    endTokens = text.endTokens
    information = try ModelInformation(file, configuration)
    defaultSampling = SamplingParameters(text.family.sampling)
    let transformer = try Transformer(
      file, pool: WorkerPool(threadCount: threads), packCache: options.packCache,
      expertBudget: options.expertMemory
    )
    let draft = try options.draft.map { try Self.load($0, for: text.tokenizer, pool: transformer.pool) }
    engine = try Engine(
      transformer,
      options.engineOptions(configuration, draft: draft?.configuration, contextLength: contextLength),
      draft: draft)
  }

  /// The draft model, on the threads of the model.
  private static func load(
    _ draft: DraftModel, for tokenizer: Tokenizer, pool: WorkerPool
  ) throws -> Transformer {
    let file = try openCheckpoint(path: draft.path)
    try DraftModel.checkVocabulary(Tokenizer(file), against: tokenizer)
    file.releaseMetadataPages()
    return try Transformer(file, pool: pool, packCache: draft.packCache)
  }

  /// Waits until the packed weights are in ``LoadOptions/packCache``, or cannot be kept.
  ///
  /// They are written in the background from the moment a model is loaded for the first time; a process that ends
  /// before leaves them to be packed again.
  public func waitForPackCache() {
    engine.transformer.packWriting?.wait()
    engine.draft?.packWriting?.wait()
  }

  /// Tokens that were guessed and verified since the model was loaded.
  public var guessStatistics: GuessStatistics { GuessStatistics(engine.statistics) }

  /// How experts were brought into memory since the model was loaded; nil where all are there
  /// (``LoadOptions/expertMemory``).
  public var expertStatistics: ExpertStatistics? { engine.transformer.expertStatistics }

  /// Where the weights came from.
  package var weightOrigin: WeightOrigin { engine.transformer.weightOrigin }
}

extension SamplingParameters {
  /// What a model's authors advise.
  init(_ advice: SamplingAdvice) {
    self.init()
    if let temperature = advice.temperature { self.temperature = Float(temperature) }
    if let topP = advice.topP { self.topP = Float(topP) }
    if let topK = advice.topK { self.topK = topK }
    if let minP = advice.minP { self.minP = Float(minP) }
    if let penalty = advice.repetitionPenalty { repetitionPenalty = Float(penalty) }
  }
}
