internal import MinkeChat
internal import MinkeEngine
internal import MinkeSampling
internal import MinkeTensors
internal import MinkeTokenizers

/// Answers one question, token by token, as the engine asks for them.
final class AnswerDriver: SequenceDriver, @unchecked Sendable {
  // Sendable by hand: after it is made, everything is touched on the engine's queue only.

  private let emit: (GenerationEvent) -> Void
  /// Takes prompt and answer, or what went wrong; the last call. Set before the engine has the driver.
  var whenEnded: (Result<[TokenID], MinkeError>) -> Void = { _ in }
  private var plan: AnswerPlan
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
  init(
    _ plan: consuming AnswerPlan, dropped: (messages: Int, tokens: Int) = (0, 0),
    emit: @escaping (GenerationEvent) -> Void
  ) {
    self.emit = emit
    tokens = plan.prompt
    usage.promptTokens = plan.prompt.count
    (usage.droppedMessages, usage.droppedTokens) = dropped
    self.plan = plan
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
    for event in plan.reader.finish() { emit(event) }
    emit(
      .finished(
        GenerationResult(
          finishReason: reason, usage: usage, timings: timings,
          isEmpty: !plan.reader.hasAnswer && !plan.reader.callsTools)))
    whenEnded(.success(tokens))
  }
}

// MARK: Choosing

extension AnswerDriver {
  func next(_ logits: UnsafeMutableBufferPointer<Float>) throws -> NextTokens {
    if !hasBegun {
      hasBegun = true
      if case .close = plan.budget.start(isReasoning: plan.reader.isReasoning), hasRoomToClose {
        return closeReasoning(behind: [])
      }
    }
    let isAnswer = !plan.reader.isReasoning
    if isAnswer { unsafe try plan.constraint?.apply(to: logits) }
    let token = unsafe try plan.sampler.sample(logits).token
    noteSampled()
    if plan.endTokens.contains(token) {
      // A model that ends inside its reasoning has not answered: it is led to the answer.
      if plan.reader.isReasoning, !plan.budget.hasClosed, hasRoomToClose { return closeReasoning(behind: []) }
      count(token)
      reason = plan.reader.callsTools ? .toolCalls : .stop
      return .end
    }
    count(token)
    if isAnswer { try plan.constraint?.accept(token) }
    let step = plan.reader.push(token)
    for event in step.events {
      emit(event)
      if !isAnswer, case .answer(let text) = event { try plan.constraint?.accept(text: text) }
    }
    if plan.reader.isStopped {
      reason = .stop
      return .end
    }
    if usage.completionTokens >= plan.limit {
      reason = .length
      return .end
    }
    let progress = ThinkingBudget.Progress(
      isReasoning: plan.reader.isReasoning, endsLine: step.endsLine, endsInsideCharacter: step.isPartial,
      isLooping: plan.reader.isReasoning && loops.push(token))
    guard case .close = plan.budget.advance(progress), hasRoomToClose else {
      tokens.append(token)
      return .one(token)
    }
    return closeReasoning(behind: [token])
  }

  /// Draws as ``next(_:)`` will, so that a draft model which nearly agrees with the model guesses what is chosen. The grammar
  /// is left to the choice.
  func guess(_ logits: UnsafeMutableBufferPointer<Float>, behind guesses: [TokenID]) -> TokenID? {
    let token = unsafe plan.sampler.guess(logits, behind: guesses)
    // Nothing follows the end.
    return token.flatMap { plan.endTokens.contains($0) ? nil : $0 }
  }

  /// Whether an answer of at least one token fits behind the text that closes the reasoning.
  private var hasRoomToClose: Bool { usage.completionTokens + plan.closing.count < plan.limit }

  /// Ends the reasoning behind some tokens as if the model had.
  private func closeReasoning(behind chosen: [TokenID]) -> NextTokens {
    for event in plan.reader.push(forced: plan.closingText) { emit(event) }
    usage.reasoningTokens += plan.closing.count
    for token in plan.closing { plan.sampler.accept(token) }
    plan.budget.noteClosed()
    loops.reset()
    tokens += chosen + plan.closing
    return .several(chosen + plan.closing)
  }

  private func count(_ token: TokenID) {
    if plan.reader.isReasoning { usage.reasoningTokens += 1 } else { usage.answerTokens += 1 }
    plan.sampler.accept(token)
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
