#if !canImport(SwiftUI)
  import Dispatch
  import Observation
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif

  /// The same conversation where there are no windows: lines in, answers out. Ctrl-C stops an answer, Ctrl-D ends.
  @main @MainActor
  struct Terminal {
    static func main() async {
      guard CommandLine.arguments.count == 2 else { fail("usage: PocketChat MODEL.gguf") }
      let chat = Chat()
      let interrupts = stopOnInterrupt(chat)
      defer { interrupts.cancel() }
      await chat.load(path: CommandLine.arguments[1])
      if case .failed(let reason) = chat.state { fail(reason) }

      let isInteractive = isatty(STDIN_FILENO) == 1
      while true {
        if isInteractive { print("> ", terminator: "") }
        fflush(nil)
        guard let question = await nextLine() else { break }
        if !question.isEmpty { await ask(question, chat) }
      }
      if isInteractive { print() }
    }

    private static func ask(_ question: String, _ chat: Chat) async {
      let place = chat.exchanges.count
      let printing = Task {
        var printer = ExchangePrinter(isTerminal: isatty(STDOUT_FILENO) == 1)
        for await exchange in Observations({ chat.exchanges.last }) {
          if let exchange, exchange.id == place { printer.show(exchange) }
        }
        return printer
      }
      await chat.ask(question)
      printing.cancel()
      var printer = await printing.value
      guard let exchange = chat.exchanges.last else { return }
      printer.finish(exchange)
      if let failure = exchange.failure { report(failure) }
    }

    /// Waits for a line where nobody else has to wait with it.
    @concurrent
    private nonisolated static func nextLine() async -> String? { readLine() }

    private static func stopOnInterrupt(_ chat: Chat) -> any DispatchSourceSignal {
      signal(SIGINT, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .main)
      source.setEventHandler {
        MainActor.assumeIsolated {
          guard chat.state == .answering else { exit(130) }
          chat.stop()
        }
      }
      source.resume()
      return source
    }

    private static func report(_ message: String) {
      let line = "PocketChat: \(message)\n"
      _ = unsafe write(STDERR_FILENO, line, line.utf8.count)
    }

    private static func fail(_ message: String) -> Never {
      report(message)
      exit(1)
    }
  }
#endif
