/// Whether a model is to call tools, with the meanings of the OpenAI API's `tool_choice`.
public enum ToolChoice: Sendable, Hashable {
  /// As it sees fit.
  case auto
  /// No: it is not shown any.
  case none
  /// It must call at least one.
  case required
  /// It must call this one.
  case named(String)
}
