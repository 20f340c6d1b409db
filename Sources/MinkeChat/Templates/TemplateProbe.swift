internal import MinkeJinja

/// Learns from short conversations what a template does with them.
struct TemplateProbe {
  let template: Template
  let specialTokens: [String: String]

  private(set) var form = TemplateContext.Form()
  private(set) var takesSystemMessages = true
  private(set) var takesTools = false

  private static let text = "probe of the text"
  private static let instruction = "probe of the instruction"
  private static let tool = "probe_of_the_tool"
  private static let argument = "probe_of_the_argument"

  init(template: Template, specialTokens: [String: String]) {
    self.template = template
    self.specialTokens = specialTokens
    let user = Message.user(Self.text)
    if !shows(Self.text, [user]) {
      form.typedContent = true
      if !shows(Self.text, [user]) { form.typedContent = false }
    }
    takesSystemMessages = shows(Self.instruction, [.system(Self.instruction), user])
    let definition = try? ToolDefinition(
      name: Self.tool, description: "probe", parameters: #"{"type": "object", "properties": {}}"#)
    takesTools = shows(Self.tool, [user], tools: definition.map { [$0] } ?? [])
    probeToolCalls(after: user)
  }

  /// Tries the forms of a call until one is shown.
  private mutating func probeToolCalls(after user: Message) {
    var assistant = Message(.assistant, nil)
    assistant.toolCalls = [
      ToolCall(id: "call00001", name: Self.tool, arguments: "{\"\(Self.argument)\": 1}")
    ]
    let usual = form
    for (asObject, empty) in [(true, false), (false, false), (true, true), (false, true)] {
      form.argumentsAsObject = asObject
      form.emptyContent = empty
      // As text inside of a JSON string the quotation marks would be escaped.
      if shows("\"\(Self.argument)\"", [user, assistant]) || shows("'\(Self.argument)'", [user, assistant]) {
        return
      }
    }
    form = usual
  }

  private func shows(_ text: String, _ messages: [Message], tools: [ToolDefinition] = []) -> Bool {
    var conversation = Conversation(messages, tools: tools)
    conversation.addsGenerationPrompt = false
    return render(conversation)?.contains(text) ?? false
  }

  private func render(_ conversation: Conversation) -> String? {
    guard let values = try? TemplateContext(form: form).values(conversation, specialTokens: specialTokens)
    else { return nil }
    return try? template.render(values)
  }
}

// MARK: Reasoning

extension TemplateProbe {
  /// Which turns' reasoning reaches the prompt. A turn that is still going on, which calls a tool, is looked at in two
  /// ways, since not every template takes tools.
  var reasoningHistory: ReasoningHistory {
    let user = Message.user(Self.text)
    func assistant(_ reasoning: String) -> Message {
      var message = Message.assistant(Self.instruction)
      message.reasoning = reasoning
      return message
    }
    let (old, current) = ("probe of the old reasoning", "probe of the current reasoning")
    var call = assistant(current)
    call.content = nil
    call.toolCalls = [ToolCall(id: "call00001", name: Self.tool, arguments: "{\"\(Self.argument)\": 1}")]
    var result = Message(.tool, Self.text)
    result.toolCallID = "call00001"
    result.name = Self.tool

    let past = [user, assistant(old), user]
    if shows(old, past) { return .kept }
    let isCurrentShown = shows(current, past + [call, result]) || shows(current, past + [assistant(current)])
    return isCurrentShown ? .droppedBeforeLastUser : .dropped
  }

  /// The variable that changes the prompt when it is false.
  var thinkingSwitch: String? {
    ["enable_thinking", "thinking"].first { name in
      var conversation = Conversation([.user(Self.text)])
      conversation.context[name] = "true"
      guard let on = render(conversation) else { return false }
      conversation.context[name] = "false"
      return render(conversation).map { $0 != on } ?? false
    }
  }
}
