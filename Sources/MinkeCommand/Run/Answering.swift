internal import Foundation
internal import Minke
internal import MinkeChat

/// Asks a session one question and writes what it says as it comes.
struct Answering {
  let session: ChatSession
  /// What is written to standard output; nil writes nothing.
  var writer: AnswerWriter?

  /// Waits for the whole answer. A first Ctrl-C stops it, a second leaves.
  func ask(_ prompt: String) async throws -> FinishedAnswer {
    let session = session
    Interrupts.begin { session.stop() }
    defer { Interrupts.end() }
    var writer = writer
    var answer = ""
    var reasoning = ""
    var result: GenerationResult?
    do {
      for try await event in session.respond(to: prompt) {
        let now = ProcessInfo.processInfo.systemUptime
        switch event {
        case .prefill(let done, let total):
          write(writer?.showPrefill(done: done, total: total, at: now))
        case .reasoning(let text):
          reasoning += text
          write(writer?.writeReasoning(text, at: now))
        case .answer(let text):
          answer += text
          write(writer?.writeAnswer(text, at: now))
        case .finished(let finished):
          result = finished
        case .toolCall, .toolResult, .token:
          // Neither is asked for here: what a model writes as a call is part of its answer.
          break
        }
      }
    } catch let error as MinkeError where error.kind == .emptyAnswer {
      // Told with all else that is known of the answer: see ``FinishedAnswer/failure``.
    }
    write(writer?.finish(at: ProcessInfo.processInfo.systemUptime))
    guard let result else { throw CommandError("the model stopped without saying why") }
    return FinishedAnswer(answer: answer, reasoning: reasoning, result: result)
  }

  private func write(_ text: String?) {
    if let text, !text.isEmpty { StandardStream.output.write(text) }
  }
}
