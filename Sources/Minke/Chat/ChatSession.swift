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
  let parameters: GenerationParameters
  private let tools: SessionTools
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
  ///   - tools: what the model may call. The session runs those that were made with closures and lets the model go on with
  ///     their results; calls of others end the answer and are for the caller to answer.
  ///   - identity: whose conversation it is. What was computed for one identity serves no other.
  public init(
    model: LanguageModel, system: String? = nil, tools: [Tool] = [],
    parameters: GenerationParameters = GenerationParameters(), identity: Identity = .local
  ) {
    self.model = model
    self.parameters = parameters
    self.tools = SessionTools(tools: tools)
    self.identity = identity
    state = Mutex(State(messages: system.map { [.system($0)] } ?? []))
  }

  /// The conversation so far. A question and its answer appear here when the answer is finished; not if it is empty.
  public var messages: [Message] { state.withLock { $0.messages } }

  /// Ends the running answer at its next token, and cancels the tools that it waits for; the stream then finishes with what
  /// there is, as soon as such tools give up.
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
        let task = Task { [previous = state.last] in
          await previous?.value
          let failure = await self.answer(messages, parameters, answer) { continuation.yield($0) }
          self.state.withLock { if $0.running === answer { $0.running = nil } }
          continuation.finish(throwing: failure)
        }
        state.last = task
        answer.cancels(task)
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
  /// So many times the model may be given the results of its calls within one answer; then they are left to the caller.
  static let toolRoundLimit = 16

  /// Returns what went wrong.
  private func answer(
    _ new: [Message], _ parameters: GenerationParameters, _ answer: RunningAnswer,
    emit: @escaping @Sendable (GenerationEvent) -> Void
  ) async -> MinkeError? {
    do {
      if parameters.toolChoice != .none {
        try tools.check(model.template.capabilities, parameters.toolChoice)
      }
      let (history, spoken) = state.withLock { ($0.messages, $0.spoken) }
      var turn = Turn(history: history, messages: new, spoken: spoken)
      while let results = try await round(&turn, parameters, answer, emit) { turn.messages += results }
      guard let result = turn.result else { return nil }
      if turn.isKept {
        state.withLock { state in
          state.messages += turn.messages
          state.spoken = turn.spoken
        }
      }
      emit(.finished(result))
      return Self.failure(of: result)
    } catch {
      return MinkeError(error)
    }
  }

  /// What has been said since the user spoke.
  private struct Turn {
    let history: [Message]
    var messages: [Message]
    var spoken: SpokenTokens
    /// Of all rounds so far.
    var result: GenerationResult?
    var rounds = 0
    /// Whether it becomes part of the conversation. An answer without a word would teach the model to give none.
    var isKept = false

    mutating func add(_ reply: Reply) {
      rounds += 1
      guard var new = reply.result else { return }
      var message = reply.message
      // What was cut off called nothing: a conversation does not go on from calls that nobody answers.
      if new.finishReason != .toolCalls { message.toolCalls = [] }
      messages.append(message)
      isKept = reply.hasAnswer || !message.toolCalls.isEmpty
      if let before = result {
        new.usage += before.usage
        new.timings.follow(before.timings)
      }
      result = new
    }
  }

  /// One answer of the model, and its tools' answers to it; nil where it is the last.
  private func round(
    _ turn: inout Turn, _ parameters: GenerationParameters, _ answer: RunningAnswer,
    _ emit: @escaping @Sendable (GenerationEvent) -> Void
  ) async throws -> [Message]? {
    let offered = parameters.toolChoice == .none ? [] : tools.definitions
    var conversation = Conversation(turn.history + turn.messages, tools: offered)
    // Before any are left out: a number is given once.
    let calls = conversation.messages.reduce(0) { $0 + $1.toolCalls.count }
    if let effort = parameters.effort { conversation.setReasoning(effort, model.template.capabilities) }
    let dropped = try fit(&conversation, parameters)
    let prompt = try model.prompt(conversation)
    let tokens = try model.encode(prompt, after: turn.spoken)
    var parameters = parameters
    // What had to be called has been.
    if turn.rounds > 0, parameters.toolChoice != .none { parameters.toolChoice = .auto }
    let plan = try AnswerPlan(
      model, prompt: tokens, opensReasoning: prompt.opensReasoning, tools: offered, firstCall: calls,
      parameters)
    let reply = Reply { event in
      if case .finished = event { return }
      emit(event)
    }
    let said = try await answer.run(
      AnswerDriver(plan, dropped: dropped, emit: reply.take),
      EngineRequest(
        tokens, identity: identity, priority: parameters.priority, speculates: parameters.speculates))
    turn.add(reply)
    if turn.isKept { turn.spoken.note(said, model.tokenizer) }
    guard reply.result?.finishReason == .toolCalls, turn.rounds < Self.toolRoundLimit else { return nil }
    do {
      guard !answer.isCancelled else { throw CancellationError() }
      let results = try await tools.answer(reply.message.toolCalls, emit: emit)
      guard !answer.isCancelled else { throw CancellationError() }
      return results
    } catch {
      turn.isKept = false
      turn.result?.finishReason = .cancelled
      return nil
    }
  }

  private static func failure(of result: GenerationResult) -> MinkeError? {
    guard result.isEmpty, result.finishReason != .cancelled else { return nil }
    return MinkeError(
      .emptyAnswer,
      "the model wrote no answer (\(result.usage.reasoningTokens) tokens of reasoning, finished by "
        + "\(result.finishReason.rawValue)); expected some: "
        + (result.finishReason == .length
          ? "allow more tokens or less thinking" : "ask again, or another way"))
  }

  /// Leaves out the oldest turns where that was asked for and the prompt is too long.
  private func fit(
    _ conversation: inout Conversation, _ parameters: GenerationParameters
  ) throws -> (messages: Int, tokens: Int) {
    guard parameters.overflow == .dropOldestTurns else { return (0, 0) }
    let wanted = max(parameters.maximumTokens ?? model.contextLength / 4, 1)
    let room = min(wanted, model.contextLength / 2)
    let original = conversation
    let fit = try ConversationFit(conversation.messages, limit: model.contextLength - room) { messages in
      var part = original
      part.messages = messages
      return try model.encode(model.prompt(part)).count
    }
    conversation.messages = fit.messages
    return (fit.droppedIndices.count, fit.droppedTokens)
  }
}
