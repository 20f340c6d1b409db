import Minke
import MinkeChat

/// A question and what came of it.
struct Exchange: Identifiable, Sendable {
  /// What the model did, in the order in which it did it.
  enum Part: Sendable {
    case reasoning(String)
    case answer(String)
    case call(ToolCall, result: String?)
  }

  let id: Int
  let question: String
  private(set) var parts: [Part] = []
  /// How far the prompt has been read, from 0 to 1; nil once the model writes.
  private(set) var progress: Double?
  /// Why there is no answer, or only the beginning of one.
  private(set) var failure: String?

  init(id: Int, question: String) {
    self.id = id
    self.question = question
  }

  /// Adds what the model did next.
  mutating func add(_ event: GenerationEvent) {
    progress = nil
    switch event {
    case .prefill(let done, let total): progress = Double(done) / Double(max(total, 1))
    case .reasoning(let text): addReasoning(text)
    case .answer(let text): addAnswer(text)
    case .toolCall(let call): parts.append(.call(call, result: nil))
    case .toolResult(let call, let result): note(result, of: call)
    case .finished(let result): failure = Self.shortcoming(of: result.finishReason)
    case .token: break
    }
  }

  mutating func fail(_ error: any Error) {
    progress = nil
    failure = "\(error)"
  }

  private static func shortcoming(of reason: GenerationResult.FinishReason) -> String? {
    switch reason {
    case .length: "There was no room for more."
    case .toolCalls: "The model did nothing but call tools."
    case .stop, .cancelled: nil
    }
  }

  private mutating func addReasoning(_ text: String) {
    if case .reasoning(let before) = parts.last {
      parts[parts.count - 1] = .reasoning(before + text)
    } else {
      parts.append(.reasoning(text))
    }
  }

  private mutating func addAnswer(_ text: String) {
    if case .answer(let before) = parts.last {
      parts[parts.count - 1] = .answer(before + text)
    } else {
      parts.append(.answer(text))
    }
  }

  private mutating func note(_ result: String, of call: ToolCall) {
    let place = parts.lastIndex { if case .call(call, result: nil) = $0 { true } else { false } }
    if let place { parts[place] = .call(call, result: result) }
  }
}
