public import MinkeChat
public import MinkeEngine
internal import MinkeTokenizers
internal import Synchronization

/// A conversation with a model.
///
/// Any number of sessions may share a model and answer at once. The engine keeps the keys and values of what was said, so that
/// a further turn computes only its new tokens, as far as the model's template leaves the earlier turns as they were.
public final class ChatSession: Sendable {
  public let model: LanguageModel
  private let parameters: GenerationParameters
  private let tools: [ToolDefinition]
  let identity: Identity
  let state: Mutex<State>

  struct State {
    var messages: [Message]
    var spoken = SpokenTokens()
    var running: RunningAnswer?
    /// Ends when the answer before has.
    var last: Task<Void, Never>?
  }

  /// - Parameters:
  ///   - system: instructions for the whole conversation; most models need none.
  ///   - identity: whose conversation it is. What was computed for one identity serves no other.
  public init(
    model: LanguageModel, system: String? = nil, tools: [ToolDefinition] = [],
    parameters: GenerationParameters = GenerationParameters(), identity: Identity = .local
  ) {
    self.model = model
    self.parameters = parameters
    self.tools = tools
    self.identity = identity
    state = Mutex(State(messages: system.map { [.system($0)] } ?? []))
  }

  /// The conversation so far. A question and its answer appear here when the answer is finished; not if it is empty.
  public var messages: [Message] { state.withLock { $0.messages } }

  /// Ends the running answer at its next token; the stream then finishes with what there is.
  public func stop() { state.withLock { $0.running }?.cancel() }

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
    let answer = RunningAnswer(model.engine)
    let parameters = parameters ?? self.parameters
    return AsyncThrowingStream { continuation in
      continuation.onTermination = { _ in answer.cancel() }
      let isFree = state.withLock { state in
        guard state.running.map(\.isCancelled) ?? true else { return false }
        state.running = answer
        // An answer that was told to end may still be at its last token.
        state.last = Task { [previous = state.last] in
          await previous?.value
          let failure = await self.answer(messages, parameters, answer) { continuation.yield($0) }
          self.state.withLock { if $0.running === answer { $0.running = nil } }
          continuation.finish(throwing: failure)
        }
        return true
      }
      if !isFree {
        continuation.finish(
          throwing: MinkeError(.busy, "the session is still answering; expected one question at a time"))
      }
    }
  }
}

// MARK: One answer

extension ChatSession {
  /// Returns what went wrong.
  private func answer(
    _ new: [Message], _ parameters: GenerationParameters, _ answer: RunningAnswer,
    emit: @escaping @Sendable (GenerationEvent) -> Void
  ) async -> MinkeError? {
    do {
      let (history, spoken) = state.withLock { ($0.messages, $0.spoken) }
      var conversation = Conversation(history + new, tools: tools)
      if let effort = parameters.effort { conversation.setReasoning(effort, model.template.capabilities) }
      let dropped = try fit(&conversation, parameters)
      let prompt = try model.prompt(conversation)
      let tokens = try model.encode(prompt, after: spoken)
      let plan = try AnswerPlan(
        model, prompt: tokens, opensReasoning: prompt.opensReasoning, offersTools: !tools.isEmpty, parameters)
      let reply = Reply(emit: emit)
      let said = try await answer.run(
        AnswerDriver(plan, dropped: dropped, emit: reply.take),
        EngineRequest(tokens, identity: identity, speculates: parameters.speculates))
      keep(new, reply.message, said)
      return nil
    } catch {
      return MinkeError(error)
    }
  }

  /// Leaves out the oldest turns where that was asked for and the prompt is too long.
  private func fit(
    _ conversation: inout Conversation, _ parameters: GenerationParameters
  ) throws -> (messages: Int, tokens: Int) {
    guard parameters.overflow == .dropOldestTurns else { return (0, 0) }
    let room = min(parameters.maximumTokens ?? model.contextLength / 4, model.contextLength / 2)
    let original = conversation
    let fit = try ConversationFit(conversation.messages, limit: model.contextLength - room) { messages in
      var part = original
      part.messages = messages
      return try model.encode(model.prompt(part)).count
    }
    conversation.messages = fit.messages
    return (fit.droppedIndices.count, fit.droppedTokens)
  }

  /// Adds a question and its answer to the conversation. An answer without a word would teach the model to give none.
  private func keep(_ new: [Message], _ reply: Message, _ tokens: [TokenID]) {
    guard reply.content?.isEmpty == false || !reply.toolCalls.isEmpty else { return }
    state.withLock { state in
      state.messages += new + [reply]
      state.spoken.note(tokens, model.tokenizer)
    }
  }
}
