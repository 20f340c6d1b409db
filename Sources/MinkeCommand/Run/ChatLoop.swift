internal import Foundation
internal import Minke
internal import MinkeHub
internal import MinkeModels

/// A conversation at the terminal.
struct ChatLoop {
  let name: String
  let makeSession: () -> ChatSession
  let style: Style
  var reasoning: AnswerWriter.Reasoning
  var showsStatistics: Bool
  let loadTime: Double
  var history: History
  /// How experts have been brought into memory so far; nil where all are there.
  let experts: () -> ExpertStatistics?
  /// Tokens guessed and verified so far.
  let guesses: () -> GuessStatistics

  /// Asks and answers until the person leaves.
  mutating func run() async throws {
    var session = makeSession()
    let prompt = LinePrompt(prompt: "> ", continuation: ". ", style: style)
    note("\(name). /help shows the commands, Ctrl-D leaves.")
    var wasInterrupted = false
    while true {
      guard let answer = prompt.ask(history: history.entries) else { return }
      switch answer {
      case .ended: return
      case .interrupted:
        if wasInterrupted { return }
        wasInterrupted = true
        note("Ctrl-C again leaves.")
      case .text(let text):
        wasInterrupted = false
        switch ChatInput(text) {
        case .nothing: break
        case .unknownCommand(let name): note("/\(name) is no command; /help shows them.")
        case .command(.exit): return
        case .command(.reset):
          session = makeSession()
          note("A new conversation.")
        case .command(let command): perform(command)
        case .message(let message):
          history.add(message)
          await ask(message, session)
        }
      }
    }
  }

  private mutating func perform(_ command: ChatInput.Command) {
    switch command {
    case .help: StandardStream.output.write(style.dim(ChatInput.help))
    case .fold:
      reasoning = reasoning == .folded ? .shown : .folded
      note(reasoning == .folded ? "Reasoning is folded." : "Reasoning is shown.")
    case .stats:
      showsStatistics.toggle()
      note(showsStatistics ? "Statistics follow each answer." : "No statistics.")
    case .reset, .exit: break
    }
  }

  /// One turn. What goes wrong is said, and the chat goes on.
  private func ask(_ message: String, _ session: ChatSession) async {
    let writer = AnswerWriter(
      reasoning: reasoning, isTerminal: StandardStream.output.isTerminal, style: style)
    let (before, guessed, read) = (experts(), guesses(), DiskReads.bytes)
    do {
      let finished = try await Answering(session: session, writer: writer).ask(message)
      if finished.result.finishReason == .cancelled { note("Stopped.") }
      if finished.result.finishReason == .length { note("Cut off at the limit of tokens.") }
      if let failure = finished.failure { throw failure }
      if showsStatistics {
        let text = RunStatistics.text(
          finished.result, loadTime: loadTime, peakMemory: PeakMemory.bytes.map(byteText),
          guesses: guesses().since(guessed), experts: before.flatMap { earlier in experts()?.since(earlier) },
          diskBytes: DiskReads.bytes(since: read))
        StandardStream.output.write(style.dim(text))
      }
    } catch {
      StandardStream.error.write(ErrorLine.text(for: error) + "\n")
    }
    StandardStream.output.write("\n")
  }

  private func note(_ text: String) {
    StandardStream.output.write(style.dim(text) + "\n")
  }
}
