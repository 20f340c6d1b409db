import Foundation
import MinkeChat
import Testing

@Suite struct `Reasoning effort` {
  @Test(arguments: [
    (ReasoningEffort.none, 0, 0), (.minimal, 400, 512), (.low, 800, 2048), (.medium, 2000, 8192),
    (.high, 3200, 32768),
  ])
  func `is a share of what remains up to a limit`(effort: ReasoningEffort, small: Int, large: Int) {
    #expect(effort.budget(available: 4000) == small)
    #expect(effort.budget(available: 1_000_000) == large)
    for available in [0, -1, 1, .min] { #expect(effort.budget(available: available) == 0) }
    #expect(effort.budget(available: .max) == large)
  }

  @Test func `has the names of the API`() throws {
    let names = #"["none","minimal","low","medium","high"]"#
    #expect(
      try JSONDecoder().decode([ReasoningEffort].self, from: Data(names.utf8)) == ReasoningEffort.allCases)
  }

  @Test func `turns the template's switch where there is one`() throws {
    let source =
      "{{ messages[0].content }}{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}"
    let template = try ChatTemplate(source)
    #expect(template.capabilities.thinkingSwitch == "enable_thinking")
    var conversation = Conversation([.user("x")])
    let isOff = conversation.setReasoning(.none, template.capabilities)
    #expect(isOff)
    #expect(try template.render(conversation).text == "x<think></think>")
    conversation.setReasoning(.low, template.capabilities)
    #expect(try template.render(conversation).text == "x")
    let isKnown = try conversation.setReasoning(.none, ChatTemplate("{{ messages[0].content }}").capabilities)
    #expect(!isKnown)
  }
}

@Suite struct `Reasoning of earlier turns` {
  private func capabilities(_ source: String) throws -> ChatTemplate.Capabilities {
    try ChatTemplate(source).capabilities
  }

  @Test(
    arguments: [
      ("smollm2", ReasoningHistory.dropped, nil), ("qwen2.5-coder", .dropped, nil),
      ("deepseek-r1-distill", .dropped, nil), ("thinking", .droppedBeforeLastUser, "enable_thinking"),
      ("headers", .dropped, nil), ("turns", .dropped, nil),
    ] as [(String, ReasoningHistory, String?)])
  func `is shown as the template has it`(
    name: String, history: ReasoningHistory, thinkingSwitch: String?
  ) throws {
    let capabilities = try `Prompts are those of transformers`.template(name).capabilities
    #expect(capabilities.reasoningHistory == history)
    #expect(capabilities.thinkingSwitch == thinkingSwitch)
  }

  @Test func `may always be kept`() throws {
    let source = """
      {% for m in messages %}{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}\
      {{ m.content }}{% endfor %}{% if thinking %}<think>{% endif %}
      """
    #expect(try capabilities(source).reasoningHistory == .kept)
    #expect(try capabilities(source).thinkingSwitch == "thinking")
  }

  @Test func `may be kept between calls of tools, or in the last turn only`() throws {
    let afterUser = """
      {% set ns = namespace(last=0) %}{% for m in messages %}{% if m.role == 'user' %}{% set ns.last = loop.index0 %}\
      {% endif %}{% endfor %}{% for m in messages %}{{ m.content }}{% if m.reasoning_content and loop.index0 > ns.last %}\
      {{ m.reasoning_content }}{% endif %}{% endfor %}
      """
    #expect(try capabilities(afterUser).reasoningHistory == .droppedBeforeLastUser)
    let noTools = """
      {% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}{{ m.content }}\
      {% if loop.last and m.reasoning_content %}{{ m.reasoning_content }}{% endif %}{% endfor %}
      """
    #expect(try capabilities(noTools).reasoningHistory == .droppedBeforeLastUser)
  }

  @Test func `is never shown by a base model`() throws {
    #expect(try ChatTemplate(nil).capabilities.reasoningHistory == .dropped)
  }
}
