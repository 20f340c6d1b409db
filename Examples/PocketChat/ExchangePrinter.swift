#if !canImport(SwiftUI)
  import MinkeChat
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif

  /// Prints what an exchange has gained since it was shown last.
  struct ExchangePrinter: Sendable {
    /// Reasoning and calls are for people. Who reads through a pipe gets the answer alone.
    let isTerminal: Bool
    /// Bytes of what was printed.
    private var printed = 0

    init(isTerminal: Bool) { self.isTerminal = isTerminal }

    mutating func show(_ exchange: Exchange) {
      let text = text(of: exchange)
      print(String(decoding: text.utf8.dropFirst(printed), as: UTF8.self), terminator: "")
      fflush(nil)
      printed = text.utf8.count
    }

    mutating func finish(_ exchange: Exchange) {
      show(exchange)
      print(isTerminal ? Self.plain : "")
    }

    private static let (plain, dim) = ("\u{1B}[22m", "\u{1B}[2m")

    /// Only ever grows: nothing behind a call that is not answered yet.
    private func text(of exchange: Exchange) -> String {
      var paragraphs: [String] = []
      for part in exchange.parts {
        switch part {
        case .answer(let text): paragraphs.append((isTerminal ? Self.plain : "") + printable(text))
        case .reasoning(let text) where isTerminal: paragraphs.append(Self.dim + printable(text))
        case .call(_, result: nil): return paragraphs.joined(separator: "\n")
        case .call(let call, let result?) where isTerminal:
          paragraphs.append(Self.dim + printable("\(call.name) \(call.arguments) → \(result)"))
        case .reasoning, .call: break
        }
      }
      return paragraphs.joined(separator: "\n")
    }

    /// Without what a terminal would take for a command.
    private func printable(_ text: String) -> String {
      var scalars = text.unicodeScalars
      scalars.removeAll { $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\t" }
      return String(scalars)
    }
  }
#endif
