/// The text around the arguments of a call, for whoever keeps a model to it.
package struct CallFrame: Sendable, Equatable {
  /// From the end of the opening mark to the arguments.
  package let opening: String
  /// From the arguments to the end of the closing mark.
  package let closing: String
}

extension ToolCallFormat {
  /// The mark with which a call begins; nil where a call is the JSON object itself, at the beginning of the answer.
  package var callOpener: String? { marks?.opener }

  /// Marks that may stand before and after all calls.
  package var callWrappers: (before: String, after: String?)? {
    wrappers.first.map { ($0, wrappers.count > 1 ? wrappers[1] : nil) }
  }

  /// What may stand around the arguments of a call of the tool: what models of the format were trained on.
  package func frames(of name: String) -> [CallFrame] {
    switch self {
    case .hermes:
      [CallFrame(opening: "\n{\"name\": \(quoted(name)), \"arguments\": ", closing: "}\n</tool_call>")]
    case .deepSeek:
      [
        CallFrame(
          opening: "function<｜tool▁sep｜>\(name)\n```json\n", closing: "\n```<｜tool▁call▁end｜>"),
        CallFrame(opening: "\(name)<｜tool▁sep｜>", closing: "<｜tool▁call▁end｜>"),
      ]
    case .llama3: [CallFrame(opening: "{\"name\": \(quoted(name)), \"parameters\": ", closing: "}")]
    }
  }
}
