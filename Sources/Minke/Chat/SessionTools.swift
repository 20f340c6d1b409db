internal import MinkeChat

/// The tools of a session, and who answers their calls.
struct SessionTools: Sendable {
  let tools: [Tool]

  var definitions: [ToolDefinition] { tools.map(\.definition) }

  /// - Throws: if the model's template shows no tools, so that offering them would be without effect, and for a call that is
  ///   asked for without any.
  func check(_ capabilities: ChatTemplate.Capabilities, _ choice: ToolChoice) throws(MinkeError) {
    guard !tools.isEmpty || choice == .auto else {
      throw MinkeError(.parameters, "a tool is to be called, but none is offered; expected at least one")
    }
    guard tools.isEmpty || (capabilities.tools && capabilities.toolCalls != nil) else {
      throw MinkeError(
        .unsupported,
        "\(tools.count) tools are offered, but the model's chat template shows it none: use a model that calls tools"
      )
    }
  }

  /// Answers calls, all at once.
  ///
  /// - Parameter emit: takes the results, in the order of the calls.
  /// - Returns: the messages that answer them, in order; nil where a tool has no code and the caller is to answer.
  func answer(
    _ calls: [ToolCall], emit: (GenerationEvent) -> Void
  ) async throws(CancellationError) -> [Message]? {
    var known: [Tool?] = []
    for call in calls {
      let tool = tools.first { $0.name == call.name }
      if let tool, !tool.isAnswered { return nil }
      known.append(tool)
    }
    let answers: [(Int, Result<Message, CancellationError>)] = await withTaskGroup { group in
      for (index, (call, tool)) in zip(calls, known).enumerated() {
        group.addTask { (index, await answer(call, tool)) }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    var messages: [Message] = []
    for (_, answer) in answers.sorted(by: { $0.0 < $1.0 }) { messages.append(try answer.get()) }
    for (call, message) in zip(calls, messages) { emit(.toolResult(call, message.content ?? "")) }
    return messages
  }

  private func answer(_ call: ToolCall, _ tool: Tool?) async -> Result<Message, CancellationError> {
    do throws(CancellationError) {
      if let tool { return .success(try await tool.answer(call)) }
    } catch {
      return .failure(error)
    }
    var message = Message(
      .tool, "Error: there is no tool \(call.name); there are: \(tools.map(\.name).joined(separator: ", "))")
    message.toolCallID = call.id
    message.name = call.name
    return .success(message)
  }
}
