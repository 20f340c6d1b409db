import Minke
import MinkeEngine
import MinkeSampling
import Synchronization
import Testing

@Suite(.serialized) struct `Many conversations at once` {
  /// One conversation of a run: what is asked, how it is sampled, and after how many characters it is given up.
  private struct Question {
    var prompt: String
    var parameters: GenerationParameters
    var patience: Int?
    var identity: Identity
  }

  private static let subjects = [
    "whales", "the capital of France", "prime numbers", "bread", "the moon", "a short poem about rain",
    "Swift",
    "how bees find flowers", "the year 1789", "colours of the rainbow", "three kinds of trees", "tea",
    "clouds",
    "why ice floats", "chess openings", "the alphabet",
  ]

  private static func questions() -> [Question] {
    subjects.enumerated().map { index, subject in
      var parameters = GenerationParameters()
      parameters.maximumTokens = 4 + index / 2
      parameters.sampling = .greedy
      if !index.isMultiple(of: 3) {
        parameters.sampling?.temperature = 0.5 + Float(index) / 16
        parameters.sampling?.seed = UInt64(index)
        parameters.sampling?.topP = index.isMultiple(of: 2) ? 0.9 : 1
        parameters.sampling?.repetitionPenalty = index.isMultiple(of: 5) ? 1.1 : 1
      }
      let prompt = String(repeating: "Tell me about \(subject). ", count: 1 + index % 3)
      return Question(
        prompt: prompt, parameters: parameters, patience: index % 5 == 4 ? 10 : nil,
        identity: Identity("\(index % 3)"))
    }
  }

  /// The text of an answer, and whether it was given up.
  private static func answer(_ model: LanguageModel, _ question: Question) async throws -> String {
    let session = ChatSession(model: model, parameters: question.parameters, identity: question.identity)
    var text = ""
    var left: Int?
    for try await event in session.respond(to: question.prompt) {
      if case .prefill(let done, let total) = event { left = total - done }
      if case .answer(let piece) = event {
        // All of the prompt was reported, also where it had to begin again.
        #expect(left == 0)
        text += piece
      }
      if let patience = question.patience, text.count > patience { break }
    }
    return text
  }

  @Test(arguments: [nil, 2])
  func `Each gives exactly the text that it gives alone, whatever the scheduler decides`(
    draftCount: Int?
  ) async throws {
    let path = try await RealModel.smolLM2.path()
    let questions = Self.questions()
    var alone: [String] = []
    let model = try LanguageModel.load(path: path, options: LoadOptions(contextLength: 512))
    for question in questions {
      var whole = question
      whole.patience = nil
      whole.parameters.speculates = false
      alone.append(try await Self.answer(model, whole))
    }
    // Memory for about six of the sixteen.
    var options = LoadOptions(contextLength: 256, cacheMemory: 15 << 20)
    let runs = draftCount == nil ? 100 : 25
    if draftCount != nil {
      // The model as its own draft, which takes as much again.
      (options.draft, options.draftCount, options.cacheMemory) = (
        DraftModel(path: path), draftCount, 30 << 20
      )
    }
    let tight = try LanguageModel.load(path: path, options: options)
    let violations = Mutex<[String]>([])
    tight.engine.checkEveryStep { found in violations.withLock { $0 += found } }
    for run in 0..<runs {
      tight.engine.disturb(Disturbance(seed: UInt64(run)))
      let texts = try await withThrowingTaskGroup(of: (Int, String).self) { group in
        for (index, question) in questions.enumerated() {
          let delay = (run * 31 + index * 17) % 23
          group.addTask {
            try await Task.sleep(for: .milliseconds(delay))
            return (index, try await Self.answer(tight, question))
          }
        }
        return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
      }
      for (index, question) in questions.enumerated() {
        let text = try #require(texts[index])
        if question.patience == nil {
          #expect(text == alone[index], "conversation \(index) in run \(run)")
        } else {
          #expect(alone[index].hasPrefix(text), "conversation \(index) in run \(run)")
        }
      }
    }
    #expect(violations.withLock { $0.prefix(5) } == [])
    // Sequences that were given up may be at their last step.
    tight.engine.disturb(nil)
    while tight.engine.statistics.running + tight.engine.statistics.waiting > 0 {
      try await Task.sleep(for: .milliseconds(5))
    }
    let statistics = tight.engine.statistics
    #expect(statistics.usage.running == 0)
    #expect(
      statistics.preemptions > runs && statistics.cache.evictions > runs
        && statistics.cache.cachedTokens > runs)
    #expect(statistics.drafted > statistics.accepted && statistics.accepted > 0)
    #expect(statistics.acceptedByModel == statistics.draftedByModel)
    #expect((statistics.draftedByModel > 500) == (draftCount != nil))
    print("\(statistics)")
  }

  @Test func `A tenth turn computes its new tokens and no others`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.smolLM2.path())
    var parameters = GenerationParameters()
    parameters.sampling = .greedy
    parameters.maximumTokens = 24
    let session = ChatSession(model: model, parameters: parameters)
    var before: Usage?
    for turn in 1...10 {
      let answer = try await Answer(session.respond(to: "Tell me one more thing about number \(turn)."))
      let usage = try #require(answer.result?.usage)
      if let before {
        // All of the last prompt, and of its answer all but the token that ended it.
        #expect(usage.cachedTokens >= before.promptTokens + before.completionTokens - 1, "turn \(turn)")
        #expect(usage.promptTokens - usage.cachedTokens < 32, "turn \(turn)")
      }
      print("turn \(turn): \(usage.promptTokens) tokens, \(usage.promptTokens - usage.cachedTokens) computed")
      before = usage
    }
  }

  @Test func `Guesses change no token, and fewer passes are needed where a text repeats itself`() async throws
  {
    let model = try LanguageModel.load(path: try await RealModel.qwen25Coder.path())
    let list = (1...40).map { "let value\($0) = table[\($0)]" }.joined(separator: "\n")
    for temperature in [0, 0.7] as [Float] {
      var texts: [String] = []
      var steps: [Int] = []
      for speculates in [false, true] {
        var parameters = GenerationParameters()
        parameters.sampling = .greedy
        parameters.sampling?.temperature = temperature
        parameters.sampling?.seed = 11
        parameters.maximumTokens = 160
        parameters.speculates = speculates
        let before = model.engine.statistics.steps
        let session = ChatSession(model: model, parameters: parameters)
        texts.append(try await Answer(session.respond(to: "Repeat this text exactly:\n\(list)")).text)
        steps.append(model.engine.statistics.steps - before)
      }
      #expect(texts[0] == texts[1])
      print(
        "temperature \(temperature): \(steps[0]) passes without guesses, \(steps[1]) with; \(model.engine.statistics)"
      )
    }
  }

  @Test func `What one identity asked is in the cache for it and for no other`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.smolLM2.path())
    var parameters = GenerationParameters()
    parameters.sampling = .greedy
    parameters.maximumTokens = 4
    let question = String(repeating: "A secret that is long enough to fill some blocks. ", count: 12)
    func cached(_ name: String) async throws -> Int {
      let session = ChatSession(model: model, parameters: parameters, identity: Identity(name))
      return try #require(try await Answer(session.respond(to: question)).result).usage.cachedTokens
    }
    #expect(try await cached("alice") == 0)
    #expect(try await cached("bob") == 0)
    #expect(try await cached("alice") > 100)
    #expect(try await cached("bob") > 100)
  }
}
