internal import ArgumentParser
internal import Foundation
internal import MinkeHub

/// The command `minke`: a shell over the library and the hub.
@main
struct MinkeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "minke",
    abstract: "Runs open reasoning models on this machine, with no network.",
    discussion: """
      EXAMPLES
        minke run "What is the capital of France?"
        minke run qwen2.5-coder:0.5b
        minke list

      ENVIRONMENT
        MINKE_HOME    where models and the chat's history are kept
        MINKE_PYTHON  the python3 that fetches models
        NO_COLOR      no colours when set
      """,
    version: "0.1.0",
    subcommands: [
      RunCommand.self, ListCommand.self, ShowCommand.self, TokenizeCommand.self, RenderCommand.self,
      PerplexityCommand.self, BenchCommand.self, QuantizeCommand.self, ImatrixCommand.self,
    ])

  /// Exits 0 on success, 64 on wrong usage, 130 after Ctrl-C, and 1 with one line on standard error
  /// otherwise.
  static func main() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      leave(with: error)
    }
  }

  private static func leave(with error: any Error) -> Never {
    let isParsers = exitCode(for: error) != .failure || error is ExitCode
    if isParsers { exit(withError: error) }
    StandardStream.error.write(ErrorLine.text(for: error) + "\n")
    Foundation.exit(error as? HubError == .cancelled ? Interrupts.status : 1)
  }
}
