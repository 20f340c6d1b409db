internal import ArgumentParser
internal import Foundation
internal import Minke
internal import MinkeHub
internal import MinkeTensors

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Chats with a model, or answers one question.",
    usage: "minke run [MODEL] [PROMPT] [options]",
    discussion: """
      One word that names a model (in the store, in the catalogue, or the path of a .gguf file or of a model folder) is MODEL; \
      otherwise it is PROMPT for the default model, smollm2:135m. Without PROMPT the question is read from \
      standard input; where both input and output are a terminal, a chat begins. A model of the catalogue is \
      fetched on first use; from then on no network is used.

      On a terminal a model's reasoning is written dim before the answer. In a pipe only the answer is \
      written, without colours.

      EXAMPLES
        minke run "What is the capital of France?"
        minke run qwen2.5-coder:0.5b
        minke run ./model.gguf --think-budget 500 --stats "Is 2027 prime?"
        minke run --json < question.txt
        minke run ./large.gguf --draft ./small.gguf "Explain tides."
      """)

  /// What becomes of the reasoning, where the usual is not wanted.
  enum ReasoningChoice: String, EnumerableFlag {
    case showReasoning, foldReasoning, hideReasoning

    static func help(for value: ReasoningChoice) -> ArgumentHelp? {
      switch value {
      case .showReasoning: "Write the reasoning before the answer, also in a pipe."
      case .foldReasoning: "Show one line while the model reasons, in place of the reasoning."
      case .hideReasoning: "Write only the answer."
      }
    }
  }

  @Argument(help: "A model and a question; either may be left out.")
  var words: [String] = []

  @Flag(exclusivity: .exclusive)
  var reasoningChoice: ReasoningChoice?

  @Option(help: "Instructions for the whole conversation.")
  var system: String?

  @OptionGroup(title: "Choosing tokens (as the model's makers advise unless given)")
  var sampling: SamplingOptions

  @Option(help: "Tokens of the conversation, at most.")
  var contextSize: Int?

  @Option(
    help: ArgumentHelp(
      "A smaller model of the same vocabulary, named as MODEL is, that guesses tokens for the model to verify several at a "
        + "time where that is faster. The text is the same.",
      valueName: "model"))
  var draft: String?

  @OptionGroup
  var loading: LoadingOptions

  @OptionGroup
  var network: NetworkOptions

  @Flag(help: "Print one JSON object: answer, reasoning, finish_reason, usage, timings, model.")
  var json = false

  @Flag(help: "Print speed, time to the first token and peak memory on standard error.")
  var stats = false

  func validate() throws {
    if words.count > 2 {
      throw ValidationError(
        "Expected [MODEL] [PROMPT], found \(words.count) words: put the prompt in quotes.")
    }
    if let contextSize, contextSize < 1 { throw ValidationError("--context-size must be at least 1.") }
  }

  func run() async throws {
    let finder = try ModelFinder(network)
    let request = try ModelAndPrompt(words: words, isModel: finder.isModel)
    let isChat =
      request.prompt == nil && !json && StandardStream.input.isTerminal && StandardStream.output.isTerminal
    let prompt = isChat ? "" : try Self.question(request.prompt)
    let found = try await finder.find(request.model)
    var draft: ModelFinder.Found?
    if let name = self.draft { draft = try await finder.find(name) }

    let start = ContinuousClock.now
    let model = try loading.load(found, draft: draft, from: finder.hub.store, contextLength: contextSize)
    // The answer is out then, but a process that ended at once would leave the next one to pack again.
    defer { model.waitForPackCache() }
    let loadTime = (ContinuousClock.now - start).seconds

    let (system, parameters) = (system, sampling.parameters(over: model.defaultSampling))
    let makeSession = { ChatSession(model: model, system: system, parameters: parameters) }
    if isChat {
      var chat = ChatLoop(
        name: found.name, makeSession: makeSession, style: Self.style, reasoning: reasoning,
        showsStatistics: stats, loadTime: loadTime,
        history: History(path: finder.hub.store.root + "/history"),
        experts: { model.expertStatistics }, guesses: { model.guessStatistics })
      try await chat.run()
    } else {
      try await answer(prompt, makeSession(), model, name: found.name, loadTime: loadTime)
    }
  }

  /// The question from the command line, or from standard input.
  private static func question(_ prompt: String?) throws -> String {
    if let prompt, prompt != "-" {
      guard prompt.contains(where: { !$0.isWhitespace }) else { throw CommandError("the prompt is empty") }
      return prompt
    }
    var text = String(decoding: try StandardStream.input.readAll(limit: 1 << 28), as: UTF8.self)
    if text.last == "\n" || text.last == "\r\n" { text.removeLast() }
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw CommandError("no question: give one in quotes after the model, or on standard input")
    }
    return text
  }

  private func answer(
    _ prompt: String, _ session: ChatSession, _ model: LanguageModel, name: String, loadTime: Double
  ) async throws {
    let writer = AnswerWriter(
      reasoning: reasoning, isTerminal: StandardStream.output.isTerminal, style: Self.style)
    let read = DiskReads.bytes
    let finished = try await Answering(session: session, writer: json ? nil : writer).ask(prompt)
    let diskBytes = DiskReads.bytes(since: read)
    if json {
      StandardStream.output.write(
        try JSONText.line(
          RunReport(
            finished, model: name, loadTime: loadTime, experts: model.expertStatistics, diskBytes: diskBytes))
      )
    }
    if stats {
      StandardStream.error.write(
        RunStatistics.text(
          finished.result, loadTime: loadTime, peakMemory: PeakMemory.bytes.map(byteText),
          guesses: model.guessStatistics, experts: model.expertStatistics, diskBytes: diskBytes))
    }
    if finished.result.finishReason == .cancelled { throw ExitCode(Interrupts.status) }
    if let failure = finished.failure { throw failure }
  }

  private var reasoning: AnswerWriter.Reasoning {
    switch reasoningChoice {
    case .showReasoning: .shown
    case .foldReasoning: .folded
    case .hideReasoning: .omitted
    case nil: StandardStream.output.isTerminal ? .shown : .omitted
    }
  }

  private static var style: Style {
    Style(
      isTerminal: StandardStream.output.isTerminal, environment: ProcessInfo.processInfo.environment)
  }
}
