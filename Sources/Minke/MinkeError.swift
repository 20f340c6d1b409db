/// Why a model could not be loaded or did not answer.
public struct MinkeError: Error, Sendable, CustomStringConvertible {
  /// What kind of thing went wrong, for code that wants to react.
  public enum Kind: Sendable, Equatable {
    /// The file is not a model that can be read, or is damaged.
    case checkpoint
    /// The file is sound, but this version cannot run what it holds.
    case unsupported
    /// The vocabulary is unusable.
    case tokenizer
    /// The chat template is wrong, or refused the conversation.
    case template
    /// A parameter is out of range.
    case parameters
    /// The system refuses the memory that is needed.
    case memory
    /// The prompt does not fit into the context: tokens of the prompt and tokens there is room for.
    case contextOverflow(promptTokens: Int, limit: Int)
    /// The session is still answering, or too many others wait.
    case busy
    /// Who asked does not wait any more.
    case cancelled
    /// The model ended without an answer: it wrote no word of one and called no tool.
    case emptyAnswer
    /// What the model wrote is not what was asked for.
    case answer
    /// A saved conversation or cache is damaged, is another model's, or cannot be read or written.
    case savedFile
    /// The model computed something that is not a number.
    case numeric
  }

  public let kind: Kind

  /// One line: what was found, what was expected, where, and what to do.
  public let description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
