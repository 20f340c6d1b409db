internal import MinkeChat
internal import MinkeEngine
internal import MinkeSampling
internal import MinkeTokenizers

/// Answers one question, token by token, as the engine asks for them.
final class AnswerDriver: SequenceDriver, @unchecked Sendable {
  // Sendable by hand: after it is made, everything is touched on the engine's queue only.

  private let emit: (GenerationEvent) -> Void
  private let whenEnded: (Result<[TokenID], MinkeError>) -> Void
  private let closing: [TokenID]
  private let closingText: String
  private let limit: Int
  private let endTokens: Set<TokenID>
  private var sampler: Sampler
  private var reader: OutputReader
  private var budget: ThinkingBudget
  private var constraint: AnswerConstraint?
  private var loops = LoopDetector()
  private var usage = Usage()
  private var timings = Timings()
  private var reason = GenerationResult.FinishReason.stop
  private let clock = ContinuousClock()
  private var started: ContinuousClock.Instant?
  private var firstSampled: ContinuousClock.Instant?
  private var hasBegun = false
  /// Prompt and answer so far.
  private var tokens: [TokenID]

  /// - Parameters:
  ///   - dropped: what was left out of the conversation.
  ///   - emit: takes the events, `finished` included.
  ///   - whenEnded: takes prompt and answer, or what went wrong; the last call.
  init(
    _ plan: consuming AnswerPlan, dropped: (messages: Int, tokens: Int) = (0, 0),
    emit: @escaping (GenerationEvent) -> Void,
    whenEnded: @escaping (Result<[TokenID], MinkeError>) -> Void
  ) {
    self.emit = emit
    self.whenEnded = whenEnded
    closing = plan.closing
    closingText = plan.closingText
    limit = plan.limit
    endTokens = plan.endTokens
    budget = plan.budget
    tokens = plan.prompt
    usage.promptTokens = plan.prompt.count
    (usage.droppedMessages, usage.droppedTokens) = dropped
    reader = plan.reader
    constraint = plan.constraint
    sampler = plan.sampler
  }

  func prefilled(_ done: Int, of total: Int) {
    if started == nil {
      started = clock.now
      usage.cachedTokens = done
    } else if done == total, let started {
      timings.prefill = (clock.now - started).seconds
    }
    emit(.prefill(done: done, total: total))
  }

  func ended(_ ending: SequenceEnding) {
    switch ending {
    case .complete: finish(reason)
    case .cancelled: finish(.cancelled)
    case .failed(let error): whenEnded(.failure(MinkeError(error)))
    }
  }

  private func finish(_ reason: GenerationResult.FinishReason) {
    for event in reader.finish() { emit(event) }
    emit(
      .finished(
        GenerationResult(
          finishReason: reason, usage: usage, timings: timings,
          isEmpty: !reader.hasAnswer && !reader.callsTools)))
    whenEnded(.success(tokens))
  }
}

// MARK: Choosing

extension AnswerDriver {
  func next(_ logits: UnsafeMutableBufferPointer<Float>) throws -> NextTokens {
    if !hasBegun {
      hasBegun = true
      if case .close = budget.start(isReasoning: reader.isReasoning), hasRoomToClose {
        return closeReasoning(behind: [])
      }
    }
    let isAnswer = !reader.isReasoning
    if isAnswer { unsafe try constraint?.apply(to: logits) }
    let token = unsafe try sampler.sample(logits).token
    noteSampled()
    if endTokens.contains(token) {
      // A model that ends inside its reasoning has not answered: it is led to the answer.
      if reader.isReasoning, !budget.hasClosed, hasRoomToClose { return closeReasoning(behind: []) }
      count(token)
      reason = reader.callsTools ? .toolCalls : .stop
      return .end
    }
    count(token)
    if isAnswer { try constraint?.accept(token) }
    let step = reader.push(token)
    for event in step.events {
      emit(event)
      if !isAnswer, case .answer(let text) = event { try constraint?.accept(text: text) }
    }
    if reader.isStopped {
      reason = .stop
      return .end
    }
    if usage.completionTokens >= limit {
      reason = .length
      return .end
    }
    let progress = ThinkingBudget.Progress(
      isReasoning: reader.isReasoning, endsLine: step.endsLine, endsInsideCharacter: step.isPartial,
      isLooping: reader.isReasoning && loops.push(token))
    guard case .close = budget.advance(progress), hasRoomToClose else {
      tokens.append(token)
      return .one(token)
    }
    return closeReasoning(behind: [token])
  }

  /// Whether an answer of at least one token fits behind the text that closes the reasoning.
  private var hasRoomToClose: Bool { usage.completionTokens + closing.count < limit }

  /// Ends the reasoning behind some tokens as if the model had.
  private func closeReasoning(behind chosen: [TokenID]) -> NextTokens {
    for event in reader.push(forced: closingText) { emit(event) }
    usage.reasoningTokens += closing.count
    for token in closing { sampler.accept(token) }
    budget.noteClosed()
    loops.reset()
    tokens += chosen + closing
    return .several(chosen + closing)
  }

  private func count(_ token: TokenID) {
    if reader.isReasoning { usage.reasoningTokens += 1 } else { usage.answerTokens += 1 }
    sampler.accept(token)
  }

  /// Takes the time of a token that was just sampled.
  private func noteSampled() {
    let now = clock.now
    if let first = firstSampled {
      timings.decode = (now - first).seconds
      timings.decodedTokens += 1
    } else {
      firstSampled = now
      timings.timeToFirstToken = started.map { (now - $0).seconds } ?? 0
    }
  }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
