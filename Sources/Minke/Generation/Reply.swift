internal import MinkeChat

/// Gathers what the model writes, and passes it on. Used on the engine's queue only.
final class Reply: @unchecked Sendable {
  // Sendable by hand: the engine's queue runs one call at a time, and who reads waits for the last.

  private(set) var message = Message(.assistant, nil)
  private(set) var result: GenerationResult?
  /// Whether there is a word of an answer.
  var hasAnswer: Bool { message.content?.utf8.contains { $0 > 0x20 } ?? false }
  private let emit: (GenerationEvent) -> Void

  init(emit: @escaping (GenerationEvent) -> Void) { self.emit = emit }

  func take(_ event: GenerationEvent) {
    switch event {
    case .reasoning(let text): message.reasoning = (message.reasoning ?? "") + text
    case .answer(let text): message.content = (message.content ?? "") + text
    case .toolCall(let call): message.toolCalls.append(call)
    case .finished(let result): self.result = result
    case .prefill, .token, .toolResult: break
    }
    emit(event)
  }
}
