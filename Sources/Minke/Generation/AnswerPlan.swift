internal import MinkeChat
internal import MinkeSampling
internal import MinkeTokenizers

/// A question that is ready to be answered: its tokens, how many the answer may have, and how it is read. Everything that
/// can be wrong with a question is found here, before it waits in the queue.
struct AnswerPlan: ~Copyable {
  let prompt: [TokenID]
  /// How many tokens the answer may have.
  let limit: Int
  /// What ends the reasoning when the model does not.
  let closing: [TokenID]
  let closingText: String
  let endTokens: Set<TokenID>
  var sampler: Sampler
  var reader: OutputReader
  var budget: ThinkingBudget
  var constraint: AnswerConstraint?
  /// Whether tokens are reported by themselves.
  let reportsTokens: Bool

  /// - Parameters:
  ///   - tools: what the prompt offers.
  ///   - firstCall: the number of the first call: how many the conversation has already.
  /// - Throws: ``MinkeError`` for a prompt that leaves no room for an answer, or parameters out of range.
  init(
    _ model: LanguageModel, prompt: [TokenID], opensReasoning: Bool, tools: [ToolDefinition] = [],
    firstCall: Int = 0, _ parameters: GenerationParameters
  ) throws {
    let tags = model.family.reasoning
    let closingText = tags?.closeText ?? ""
    let closing = try model.tokenizer.encode(closingText, special: .parse)
    // An answer takes one token at least, behind reasoning that is open already.
    let least = 1 + (opensReasoning ? closing.count : 0)
    let limit = try Self.room(for: prompt, least: least, model, parameters)
    let parser = OutputParser(
      tags: tags, opensInPrompt: opensReasoning,
      toolCalls: tools.isEmpty ? nil : model.template.capabilities.toolCalls,
      callsInReasoning: model.family.callsToolsInReasoning)
    let reader = try OutputReader(
      model.tokenizer, parser, marks: model.marks, stop: parameters.stop, firstCall: firstCall)
    let sampling = parameters.sampling ?? model.defaultSampling
    let constraint = try AnswerConstraint(model, tools, parameters, opensReasoning: opensReasoning)
    var sampler = try Sampler(
      sampling, vocabularySize: model.information.vocabularySize,
      reportedCount: parameters.topLogProbabilities,
      breakerTokens: sampling.dry.map { model.breakerTokens($0) } ?? [])
    sampler.observePrompt(prompt)

    self.prompt = prompt
    self.limit = limit
    self.closing = closing
    self.closingText = closingText
    self.reader = reader
    self.constraint = constraint
    reportsTokens = parameters.topLogProbabilities != nil
    self.sampler = sampler
    let budgets = [parameters.thinkBudget, parameters.effort?.budget(available: limit)].compactMap(\.self)
    budget = ThinkingBudget(limit: budgets.min(), available: limit, closeCount: closing.count)
    endTokens = model.endTokens
  }

  private static func room(
    for prompt: [TokenID], least: Int, _ model: LanguageModel, _ parameters: GenerationParameters
  ) throws(MinkeError) -> Int {
    let room = model.contextLength - prompt.count
    guard !prompt.isEmpty, room >= least else {
      throw MinkeError(
        .contextOverflow(promptTokens: prompt.count, limit: model.contextLength),
        "the prompt has \(prompt.count) tokens; expected 1 to \(model.contextLength - least), so that the context of "
          + "\(model.contextLength) holds an answer too: shorten the conversation or raise the context length"
      )
    }
    if let maximum = parameters.maximumTokens, maximum < 1 {
      throw MinkeError(.parameters, "the limit of tokens is \(maximum); expected at least 1")
    }
    if let thinkBudget = parameters.thinkBudget, thinkBudget < 0 {
      throw MinkeError(.parameters, "the budget for thinking is \(thinkBudget); expected at least 0")
    }
    return min(parameters.maximumTokens ?? room, room)
  }
}
