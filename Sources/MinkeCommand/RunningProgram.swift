internal import MinkeHub

/// The program of this process, looked at once.
enum RunningProgram {
  /// Its path, as far as the system or the way it was called says.
  static let path = ModelBundle.runningProgram(calledAs: ProgramWords.all.first)

  /// The model that it carries, if any.
  static func bundle() throws(HubError) -> ModelBundle? { try found.get() }

  private static let found = Result { () throws(HubError) in try path.flatMap(ModelBundle.init(running:)) }
}
