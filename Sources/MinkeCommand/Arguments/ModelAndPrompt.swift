internal import MinkeHub

/// Which of the words after `minke run` is the model and which the prompt: a pure decision.
package struct ModelAndPrompt: Equatable, Sendable {
  /// As the person wrote it; nil means the default model.
  package var model: String?
  /// nil means to chat, or to read standard input.
  package var prompt: String?

  package init(model: String?, prompt: String?) {
    self.model = model
    self.prompt = prompt
  }

  /// Two words are MODEL and PROMPT. One is the model when it names one (`isModel`), is a path to a
  /// `.gguf`, or is written as `name:tag`; otherwise it is the prompt of the default model.
  package init(words: [String], isModel: (String) -> Bool) throws(CommandError) {
    switch words.count {
    case 0: self.init(model: nil, prompt: nil)
    case 1 where Self.isWrittenAsModel(words[0]) || isModel(words[0]):
      self.init(model: words[0], prompt: nil)
    case 1: self.init(model: nil, prompt: words[0])
    case 2: self.init(model: words[0], prompt: words[1])
    default:
      throw CommandError("expected [MODEL] [PROMPT], found \(words.count) words: put the prompt in quotes")
    }
  }

  /// Whether the writing alone says that a model is meant, so that a mistyped one is not taken for a
  /// question.
  private static func isWrittenAsModel(_ word: String) -> Bool {
    guard !word.contains(where: \.isWhitespace) else { return false }
    if word.lowercased().hasSuffix(".gguf") { return true }
    switch ModelReference(word) {
    case .name(_, tag: .some), .remote, .foreign: return true
    case .name, .path, .unreadable: return false
    }
  }
}
