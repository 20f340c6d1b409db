public import MinkeChat
public import MinkeEngine
internal import MinkeSampling
internal import MinkeTokenizers
internal import Synchronization

/// What several samples of one answer agree on: self-consistency (arXiv:2203.11171), the cons@64 of DeepSeek-R1's table
/// (arXiv:2501.12948).
public struct VotedAnswer: Sendable {
  /// The final answer that most samples gave; nil where none gave one.
  public let answer: FinalAnswer?
  /// All final answers with their votes, as they first came.
  public let votes: [MajorityVote.Entry]
  /// The whole answer of the first sample that gave the winner.
  public let text: String?
  /// Samples that were finished; the others were ended when they could no longer change the result.
  public let finishedCount: Int
  public let plannedCount: Int
  /// Of all samples together; the prompt counts once for each.
  public let usage: Usage
}

extension LanguageModel {
  /// Answers a conversation several times over a prompt that is computed once, and takes a vote on the final answers. What
  /// cannot change the result any more is not sampled to its end.
  ///
  /// - Parameters:
  ///   - count: samples at most.
  ///   - parameters: of each sample; the n-th takes the n-th seed from the one given.
  public func vote(
    on messages: [Message], samples count: Int, parameters: GenerationParameters = GenerationParameters(),
    identity: Identity = .local
  ) async throws(MinkeError) -> VotedAnswer {
    guard (1...1024).contains(count) else {
      throw MinkeError(.parameters, "the number of samples is \(count); expected 1 to 1024")
    }
    let ballot = Ballot(planned: count, engine)
    do {
      let prompt = try self.prompt(Conversation(messages))
      let tokens = try encode(prompt)
      let group = engine.makePromptGroup()
      let sampling = parameters.sampling ?? defaultSampling
      let seed = sampling.seed ?? UInt64.random(in: 0 ... .max)
      await withTaskCancellationHandler {
        await withTaskGroup(of: Void.self) { tasks in
          for index in 0..<count {
            tasks.addTask { [self] in
              var own = parameters
              own.sampling = sampling
              own.sampling?.seed = seed &+ UInt64(index)
              await ballot.sample(index, self, tokens, prompt.opensReasoning, own, identity, group)
            }
          }
        }
      } onCancel: {
        ballot.cancel()
      }
    } catch {
      throw MinkeError(error)
    }
    return try ballot.result()
  }
}

/// The samples of a vote, and what has come of them.
private final class Ballot: Sendable {
  private struct State {
    var vote: MajorityVote
    var texts: [(answer: FinalAnswer?, text: String)] = []
    var usage = Usage()
    var isOver = false
    var failure: MinkeError?
  }

  private let state: Mutex<State>
  private let answers: [RunningAnswer]

  init(planned: Int, _ engine: Engine) {
    state = Mutex(State(vote: MajorityVote(planned: planned)))
    answers = (0..<planned).map { _ in RunningAnswer(engine) }
  }

  /// Ends what still runs.
  func cancel() { for answer in answers { answer.cancel() } }

  func sample(
    _ index: Int, _ model: LanguageModel, _ tokens: [TokenID], _ opensReasoning: Bool,
    _ parameters: GenerationParameters, _ identity: Identity, _ group: Int
  ) async {
    do {
      let plan = try AnswerPlan(
        model, prompt: tokens, opensReasoning: opensReasoning, parameters)
      let reply = Reply { _ in }
      _ = try await answers[index].run(
        AnswerDriver(plan, emit: reply.take),
        EngineRequest(
          tokens, identity: identity, priority: parameters.priority, promptGroup: group,
          speculates: parameters.speculates))
      note(reply)
    } catch {
      fail(MinkeError(error))
    }
  }

  private func note(_ reply: Reply) {
    let isDecided = state.withLock { state in
      if let usage = reply.result?.usage { state.usage += usage }
      guard !state.isOver, reply.result?.finishReason != .cancelled else { return false }
      let text = reply.message.content ?? ""
      // What was cut off has not said its last word.
      let answer = reply.result?.finishReason == .length ? nil : FinalAnswer.extract(from: text)
      state.vote.add(answer)
      state.texts.append((answer, text))
      state.isOver = state.vote.isDecided
      return state.isOver
    }
    if isDecided { cancel() }
  }

  private func fail(_ error: MinkeError) {
    state.withLock { $0.failure = $0.failure ?? error }
    cancel()
  }

  func result() throws(MinkeError) -> VotedAnswer {
    let state = self.state.withLock { state in state }
    if let failure = state.failure { throw failure }
    let leader = state.vote.leader
    return VotedAnswer(
      answer: leader, votes: state.vote.entries,
      text: leader.flatMap { winner in state.texts.first { $0.answer == winner }?.text },
      finishedCount: state.vote.received, plannedCount: state.vote.planned, usage: state.usage)
  }
}
