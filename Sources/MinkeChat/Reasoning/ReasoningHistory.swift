/// Which turns' reasoning a chat template shows the model again.
///
/// Where reasoning is dropped the prompt of the next turn is not a continuation of this one: what was computed for the
/// tokens after the first reasoning cannot be used again.
public enum ReasoningHistory: String, Sendable, Codable {
  /// Every turn's.
  case kept
  /// Only that of the turn which the last message of the user began, so that it goes on between calls of tools.
  case droppedBeforeLastUser
  /// None.
  case dropped
}
