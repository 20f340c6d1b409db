public import MinkeEngine
internal import MinkeModels
internal import MinkeTokenizers

extension LanguageModel {
  /// The embeddings of texts. Conversations that run meanwhile go on. While a text is computed its keys and values take
  /// memory beside ``LoadOptions/cacheMemory``.
  ///
  /// - Parameters:
  ///   - texts: at most ``embeddingLimit``, each of at least one token and at most ``contextLength``.
  ///   - pooling: how the vectors of the tokens become one; nil: as the model's file says, else the last token's.
  ///   - normalizes: whether vectors get the length 1, so that their product is the cosine of their angle.
  ///   - identity: who asks; the time is divided fairly.
  /// - Throws: ``MinkeError`` for a text that is empty or too long, naming it, and for a model that scores texts instead.
  public func embed(
    _ texts: [String], pooling: EmbeddingPooling? = nil, normalizes: Bool = true, identity: Identity = .local
  ) async throws(MinkeError) -> [Embedding] {
    guard !texts.isEmpty else { return [] }
    guard texts.count <= Self.embeddingLimit else {
      throw MinkeError(
        .parameters,
        "\(texts.count) texts are to be embedded; expected at most \(Self.embeddingLimit) at once")
    }
    let pooling = if let pooling { pooling } else { try defaultPooling() }
    var tokens: [[TokenID]] = []
    for (index, text) in texts.enumerated() { tokens.append(try embeddingTokens(text, index)) }
    let cancellation = Cancellation()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { waiting in
        let job = EmbeddingJob(
          engine, tokens, pooling, normalizes: normalizes, identity: identity,
          isCancelled: { cancellation.isCancelled }, whenDone: { waiting.resume(returning: $0) })
        do {
          let ticket = try engine.submit(job)
          cancellation.onCancel { [engine] in engine.cancel(ticket) }
        } catch {
          waiting.resume(returning: .failure(MinkeError(error)))
        }
      }
    } onCancel: {
      cancellation.cancel()
    }
    return try result.get()
  }

  /// Texts that can be embedded at once.
  public static let embeddingLimit = 2048

  private func embeddingTokens(_ text: String, _ index: Int) throws(MinkeError) -> [TokenID] {
    let tokens = try rethrowing { try tokenizer.encode(text, special: .asText, addSpecial: true) }
    guard (1...contextLength).contains(tokens.count) else {
      let message = "text \(index) has \(tokens.count) tokens; expected 1 to \(contextLength)"
      guard tokens.count > contextLength else { throw MinkeError(.parameters, message) }
      throw MinkeError(
        .contextOverflow(promptTokens: tokens.count, limit: contextLength),
        message + ": embed it in parts or raise the context length")
    }
    return tokens
  }

  private func defaultPooling() throws(MinkeError) -> EmbeddingPooling {
    switch engine.transformer.configuration.pooling {
    case .mean?: return .mean
    case .first?: return .cls
    case .last?, .some(.none), nil: return .last
    case .rank?:
      throw MinkeError(
        .unsupported, "the model scores texts (pooling type 4); expected one that makes embeddings of them")
    }
  }
}
