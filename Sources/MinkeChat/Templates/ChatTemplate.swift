internal import MinkeJinja

/// A model's chat template: turns a conversation into the prompt that the model was trained on.
///
/// Some things templates do not say, so a few short conversations are rendered once to see what the
/// template does with them: see ``Capabilities``.
///
/// A model without a template is a base model, which continues a text. Its prompt is the text of the
/// messages with blank lines between, of which nothing is trusted; tools are an error.
public struct ChatTemplate: Sendable {
  /// What a template does, found by rendering probes.
  public struct Capabilities: Sendable, Equatable {
    /// Whether system messages reach the prompt.
    public var systemMessages = true
    /// Whether the tools offered reach the prompt.
    public var tools = false
    /// The tags between which the model reasons.
    public var reasoning: ReasoningTags?
    /// How the model calls tools.
    public var toolCalls: ToolCallFormat?
    /// Which turns' reasoning the model sees again.
    public var reasoningHistory = ReasoningHistory.dropped
    /// The variable that turns reasoning off when it is false, such as `enable_thinking`: see
    /// ``Conversation/context``. `nil` if the template knows none.
    public var thinkingSwitch: String?
  }

  /// The template's text; `nil` for a base model.
  public let source: String?
  public let capabilities: Capabilities
  private let template: Template?
  private let form: TemplateContext.Form
  private let specialTokens: [String: String]
  private let specials: SpecialTexts

  /// - Parameters:
  ///   - source: `tokenizer.chat_template`; `nil` if the model has none.
  ///   - specialTokens: what the template may name, such as `bos_token` and `eos_token`.
  ///   - controlTokens: the text of every token that must not be parsed from a message.
  /// - Throws: if the template is not valid.
  public init(
    _ source: String?, specialTokens: [String: String] = [:], controlTokens: [String] = []
  ) throws(ChatError) {
    self.source = source
    self.specialTokens = specialTokens
    specials = SpecialTexts(controlTokens)
    guard let source else {
      template = nil
      form = TemplateContext.Form()
      capabilities = Capabilities()
      return
    }
    let template: Template
    do {
      template = try Template(source)
    } catch {
      throw ChatError(
        at: "the model's chat template", found: "\(error)", expected: "a template that jinja2 accepts")
    }
    self.template = template
    let probe = TemplateProbe(template: template, specialTokens: specialTokens)
    form = probe.form
    capabilities = Capabilities(
      systemMessages: probe.takesSystemMessages, tools: probe.takesTools,
      reasoning: ReasoningTags.detect(inTemplate: source),
      toolCalls: ToolCallFormat.detect(inTemplate: source), reasoningHistory: probe.reasoningHistory,
      thinkingSwitch: probe.thinkingSwitch)
  }

  /// Renders a conversation.
  ///
  /// - Parameters:
  ///   - policy: what the model's family wants beyond its template; the default changes nothing.
  ///   - now: the present time as text, by a `strftime` format; the local clock unless given.
  /// - Throws: if the template refuses the conversation. Tools that it does not show the model are left out
  ///   without an error: see ``Capabilities/tools``.
  public func render(
    _ conversation: Conversation, policy: PromptPolicy = PromptPolicy(),
    now: (@Sendable (String) -> String)? = nil
  ) throws(ChatError) -> RenderedPrompt {
    guard let template else { return try plain(conversation) }
    var conversation = conversation
    switch policy.systemMessages {
    case .unchanged: break
    case .emptyWhereAbsent where capabilities.systemMessages:
      if conversation.messages.first?.role != .system { conversation.messages.insert(.system(""), at: 0) }
    case .foldedWhereNeeded where capabilities.systemMessages: break
    case .foldedWhereNeeded, .emptyWhereAbsent, .folded: conversation = conversation.foldingSystemMessages
    }
    let renderer = SegmentRenderer(
      template: template, form: form, specialTokens: specialTokens, specials: specials,
      reasoning: capabilities.reasoning, now: now)
    var prompt = RenderedPrompt(
      segments: try renderer.segments(conversation), opensReasoning: false)
    finish(&prompt, conversation, policy)
    return prompt
  }

  /// Opens the reasoning if the family's advice says so and the template did not. The opening tag counts
  /// only where it is not the end of a message.
  private func finish(
    _ prompt: inout RenderedPrompt, _ conversation: Conversation, _ policy: PromptPolicy
  ) {
    guard conversation.addsGenerationPrompt, conversation.messages.last?.role != .assistant else { return }
    let tags = capabilities.reasoning ?? .think
    let last = prompt.segments.last.map { $0.isTrusted ? $0.text : "" } ?? ""
    let ending = last.utf8.reversed().drop(while: isSpace)
    if ending.starts(with: tags.opener.utf8.reversed()) {
      prompt.opensReasoning = true
    } else if policy.opensReasoning, conversation.messages.last?.role == .user,
      !ending.starts(with: tags.closer.utf8.reversed())
    {
      let opening = PromptSegment(tags.opener + "\n", isTrusted: true)
      if let last = prompt.segments.last, last.isTrusted {
        prompt.segments[prompt.segments.count - 1] = PromptSegment(last.text + opening.text, isTrusted: true)
      } else {
        prompt.segments.append(opening)
      }
      prompt.opensReasoning = true
    }
  }

  private func plain(_ conversation: Conversation) throws(ChatError) -> RenderedPrompt {
    guard conversation.tools.isEmpty, conversation.messages.allSatisfy({ $0.role != .tool }) else {
      throw ChatError(
        at: "tools", found: "tools or their results",
        expected: "none: the model has no chat template, it only continues a text")
    }
    let text = conversation.messages.compactMap(\.content).joined(separator: "\n\n")
    return RenderedPrompt(
      segments: text.isEmpty ? [] : [PromptSegment(text, isTrusted: false)], opensReasoning: false)
  }
}
