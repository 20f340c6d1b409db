/// How much a model is to think, with the names of the OpenAI API's `reasoning_effort`.
///
/// | effort | share of what can be generated | at most, tokens |
/// |---|---|---|
/// | none | 0 | 0 |
/// | minimal | 1/10 | 512 |
/// | low | 1/5 | 2048 |
/// | medium | 1/2 | 8192 |
/// | high | 4/5 | 32768 |
///
/// 32768 tokens is what DeepSeek-R1 was evaluated with (arXiv:2501.12948, §3).
public enum ReasoningEffort: String, Sendable, Codable, CaseIterable {
  case none, minimal, low, medium, high

  /// How many tokens of reasoning are wanted at most: the limit of a ``ThinkingBudget``.
  ///
  /// - Parameter available: how many tokens can be generated in all, reasoning and answer.
  public func budget(available: Int) -> Int {
    let available = max(available, 0)
    let (share, most) =
      switch self {
      case .none: (0.0, 0)
      case .minimal: (0.1, 512)
      case .low: (0.2, 2048)
      case .medium: (0.5, 8192)
      case .high: (0.8, 32768)
      }
    return Int(min(Double(available) * share, Double(most)))
  }
}

extension Conversation {
  /// Tells the template whether the model is to reason, where it has a switch for that.
  ///
  /// - Returns: whether it has. If not, a ``ThinkingBudget`` of 0 closes the reasoning at once.
  @discardableResult
  public mutating func setReasoning(
    _ effort: ReasoningEffort, _ capabilities: ChatTemplate.Capabilities
  ) -> Bool {
    guard let name = capabilities.thinkingSwitch else { return false }
    context[name] = effort == .none ? "false" : "true"
    return true
  }
}
