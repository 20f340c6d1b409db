public import MinkeChat
internal import MinkeModels
internal import MinkeTensors
internal import MinkeTokenizers
internal import Synchronization

/// A conversation with a model.
///
/// The session keeps the keys and values of what was said, so that a further turn computes only its new tokens, as far as
/// the model's template leaves the earlier turns as they were.
public final class ChatSession: @unchecked Sendable {
  // Sendable by hand: `cache` and `cachedTokens` are touched only inside jobs of the engine, which run one after the
  // other; everything else is immutable or behind a lock.

  public let model: LanguageModel
  private let parameters: GenerationParameters
  private let tools: [ToolDefinition]
  private let history: Mutex<[Message]>
  private let running = Mutex<CancellationFlag?>(nil)
  private var cache: KVCache?
  private var cachedTokens: [TokenID] = []

  /// - Parameter system: instructions for the whole conversation; most models need none.
  public init(
    model: LanguageModel, system: String? = nil, tools: [ToolDefinition] = [],
    parameters: GenerationParameters = GenerationParameters()
  ) {
    self.model = model
    self.parameters = parameters
    self.tools = tools
    history = Mutex(system.map { [.system($0)] } ?? [])
  }

  /// The conversation so far. A question and its answer appear here when the answer is finished; not if it is empty.
  public var messages: [Message] { history.withLock { $0 } }

  /// Ends the running answer at its next token; the stream then finishes with what there is.
  public func stop() { running.withLock { $0?.set() } }

  /// Answers a message of the user. Ending the iteration early ends the answer.
  ///
  /// - Parameter parameters: for this answer; nil: the session's.
  public func respond(
    to text: String, parameters: GenerationParameters? = nil
  ) -> AsyncThrowingStream<GenerationEvent, any Error> {
    respond(to: [.user(text)], parameters: parameters)
  }

  /// Answers new messages, such as the results of tools.
  public func respond(
    to messages: [Message], parameters: GenerationParameters? = nil
  ) -> AsyncThrowingStream<GenerationEvent, any Error> {
    let cancellation = CancellationFlag()
    return AsyncThrowingStream { continuation in
      // An answer that was told to end may still be at its last token; the next one waits for it in the queue.
      let isFree = running.withLock { current in
        guard current.map(\.isSet) ?? true else { return false }
        current = cancellation
        return true
      }
      guard isFree else {
        continuation.finish(
          throwing: MinkeError(.busy, "the session is still answering; expected one question at a time"))
        return
      }
      continuation.onTermination = { _ in cancellation.set() }
      model.engine.submit { [self] in
        var failure: MinkeError?
        do throws(MinkeError) {
          try answer(messages, parameters ?? self.parameters, cancellation) { continuation.yield($0) }
        } catch { failure = error }
        running.withLock { if $0 === cancellation { $0 = nil } }
        continuation.finish(throwing: failure)
      }
    }
  }
}

// MARK: One answer

extension ChatSession {
  private func answer(
    _ new: [Message], _ parameters: GenerationParameters, _ cancellation: CancellationFlag,
    emit: @escaping (GenerationEvent) -> Void
  ) throws(MinkeError) {
    try rethrowing {
      let conversation = Conversation(messages + new, tools: tools)
      let prompt = try model.template.render(conversation, policy: model.family.policy)
      let tokens = try model.tokenizer.encode(prompt, addsBOS: model.template.source == nil)
      var reply = Message(.assistant, nil)
      var generator = try Generator(
        model, prompt: tokens, opensReasoning: prompt.opensReasoning, offersTools: !tools.isEmpty, parameters,
        cancellation
      ) { event in
        reply.append(event)
        emit(event)
      }
      let cache = try reusableCache(for: tokens)
      // Whatever happens, the cache and the list of what it holds stay in step.
      defer { cachedTokens = Array(generator.tokens.prefix(cache.count)) }
      try generator.run(cache)
      // An answer without a word would teach the model to give none.
      guard reply.content?.isEmpty == false || !reply.toolCalls.isEmpty else { return }
      history.withLock { $0 += new + [reply] }
    }
  }

  /// The session's cache, cut back to what it shares with the prompt. At least one token is left to compute, whose logits
  /// begin the answer.
  private func reusableCache(for prompt: [TokenID]) throws -> KVCache {
    guard let cache else {
      let fresh = try model.engine.makeCache(capacity: model.contextLength)
      self.cache = fresh
      return fresh
    }
    let shared = zip(cachedTokens, prompt).prefix { $0 == $1 }.count
    cache.keep(first: min(shared, prompt.count - 1))
    return cache
  }
}

extension Message {
  /// Adds what the model wrote.
  fileprivate mutating func append(_ event: GenerationEvent) {
    switch event {
    case .reasoning(let text): reasoning = (reasoning ?? "") + text
    case .answer(let text): content = (content ?? "") + text
    case .toolCall(let call): toolCalls.append(call)
    case .prefill, .finished: break
    }
  }
}
