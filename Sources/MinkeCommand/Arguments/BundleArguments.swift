/// What the words after a program that carries a model mean: a pure decision.
package enum BundleArguments {
  /// The words as after `minke`: those that begin with none of its commands, nor ask for help or the version, are for
  /// `run`.
  package static func parsed(_ words: [String], commands: [String]) -> [String] {
    let root = ["help", "--help", "-h", "--version", "--generate-completion-script", "--help-hidden"]
    guard let first = words.first, commands.contains(first) || root.contains(first) else {
      return ["run"] + words
    }
    return words
  }
}
