import Minke
import MinkeSampling
import Testing

@Suite struct `What clients of a soak do` {
  private static let cases = SoakCase.Kind.allCases.enumerated().map { number, kind in
    let turn = SoakCase.Turn(question: "\(kind)", parameters: GenerationParameters())
    return SoakCase(kind, number: number, turns: Array(repeating: turn, count: 1 + number % 3))
  }

  private func acts(seed: UInt64, client: Int, count: Int = 2000) -> [SoakAct] {
    var plan = SoakPlan()
    plan.seed = seed
    var acts = SoakActs(plan, client: client, Self.cases)
    return (0..<count).map { _ in acts.next() }
  }

  @Test func `comes of the seed and the client's number alone`() {
    #expect(acts(seed: 5, client: 2) == acts(seed: 5, client: 2))
    #expect(acts(seed: 5, client: 2) != acts(seed: 5, client: 3))
    #expect(acts(seed: 5, client: 2) != acts(seed: 6, client: 2))
  }

  @Test func `is everything, and of every case`() {
    var (whole, cut, bursts): (Set<Int>, Set<Int>, Int) = ([], [], 0)
    var (refusals, cuts): (Set<String>, Set<String>) = ([], [])
    for act in acts(seed: 1, client: 0) {
      switch act {
      case .whole(let place): whole.insert(place)
      case .cut(let place, let turn, let how, _):
        cut.insert(place)
        cuts.insert(String("\(how)".prefix { $0 != "(" }))
        #expect(Self.cases[place].turns.indices.contains(turn))
      case .refused(let refusal): refusals.insert("\(refusal)")
      case .burst(let place, let count):
        bursts += 1
        #expect(Self.cases[place].kind == .greedy && count > 1)
      case .rest(let milliseconds): #expect((0..<1000).contains(milliseconds))
      }
    }
    #expect(whole.count == Self.cases.count && cut.count == Self.cases.count)
    #expect(refusals.count == SoakRefusal.allCases.count && cuts.count == 4 && bursts > 10)
  }

  @Test func `Cases come of the seed`() async throws {
    let model = try LanguageModel.load(path: try await RealModel.smolLM2.path())
    func questions(_ seed: UInt64) throws -> [[String]] {
      var plan = SoakPlan()
      (plan.seed, plan.cases) = (seed, 2 * SoakCases.mixture.count)
      let cases = try SoakCases.make(plan, model.tokenizer, contextLength: 512)
      #expect(Set(cases.map(\.kind)) == Set(SoakCase.Kind.allCases))
      return cases.map { $0.turns.map { "\($0.question) \($0.parameters.sampling?.seed ?? 0)" } }
    }
    #expect(try questions(3) == questions(3))
    #expect(try questions(3) != questions(4))
  }
}

@Suite struct `An answer beside what it is alone` {
  private func transcript(
    _ texts: [String], reason: GenerationResult.FinishReason? = .stop, tokens: Int? = nil,
    reasoning: [String] = []
  ) -> SoakTranscript {
    var transcript = SoakTranscript()
    transcript.note(.prefill(done: 0, total: 9))
    transcript.note(.prefill(done: 9, total: 9))
    for text in reasoning { transcript.note(.reasoning(text)) }
    for text in texts { transcript.note(.answer(text)) }
    guard let reason else { return transcript }
    var usage = Usage()
    (usage.promptTokens, usage.reasoningTokens) = (9, reasoning.count)
    usage.answerTokens = tokens ?? texts.count
    transcript.note(
      .finished(
        GenerationResult(finishReason: reason, usage: usage, timings: Timings(), isEmpty: texts.isEmpty)))
    return transcript
  }

  private func difference(
    _ found: SoakTranscript, _ whole: SoakTranscript, held: [String] = []
  ) -> String? {
    found.difference(fromBeginningOf: whole, held: held)
  }

  @Test func `A lost, a doubled and another token are found`() {
    let whole = transcript(["a", "b", "c"])
    #expect(whole.difference(from: transcript(["a", "b", "c"])) == nil)
    for texts in [["a", "c"], ["a", "b", "b", "c"], ["a", "x", "c"], ["a", "b"], ["ab", "c"], []] {
      #expect(transcript(texts).difference(from: whole) != nil, "\(texts)")
    }
    #expect(transcript(["a", "b", "c"], tokens: 4).difference(from: whole) != nil)
    #expect(transcript(["a", "b", "c"], reason: .length).difference(from: whole) != nil)
    #expect(transcript(["a", "b", "c"], reason: nil).difference(from: whole) != nil)
    #expect(transcript(["a", "x"]).difference(from: whole) == "piece 1: answer \"x\"; expected answer \"b\"")
  }

  @Test func `What was left is a beginning, piece by piece`() {
    let whole = transcript(["a", "b", "c"])
    for count in 0...3 {
      #expect(difference(transcript(Array(["a", "b", "c"].prefix(count)), reason: nil), whole) == nil)
    }
    #expect(difference(transcript(["b"], reason: nil), whole) != nil)
    #expect(difference(transcript(["a", "a"], reason: nil), whole) != nil)
    #expect(difference(transcript(["a", "b", "c", "d"], reason: nil), whole) != nil)
  }

  @Test func `What was stopped may show what was held back`() {
    let whole = transcript(["Hello", " you€"], reasoning: ["so"])
    func cut(_ texts: [String], _ tokens: Int? = nil) -> SoakTranscript {
      transcript(texts, reason: .cancelled, tokens: tokens, reasoning: ["so"])
    }
    #expect(difference(cut([]), whole) == nil)
    #expect(difference(cut(["Hello", " y"]), whole) == nil)
    // Half a character.
    #expect(difference(cut(["Hello", " you\u{FFFD}"]), whole) == nil)
    #expect(difference(cut(["Hello", " you€", "\n"], 2), whole) == nil)
    // The beginning of a stop string, where the whole ends before it.
    #expect(difference(cut(["Hello", " you€En"], 2), whole, held: ["End"]) == nil)
    #expect(difference(cut(["Hello", " you€Ex"], 2), whole, held: ["End"]) != nil)
    #expect(difference(cut(["Hello", " En"]), whole, held: ["End"]) != nil)
    #expect(difference(cut(["Hello", " x"]), whole) != nil)
    #expect(difference(cut(["Hello"], 3), whole) != nil)
    // The end came before the stop did.
    #expect(difference(transcript(["Hello"], reasoning: ["so"]), whole) != nil)
    #expect(difference(whole, whole) == nil)
  }

  @Test func `Events have an order`() {
    var early = SoakTranscript()
    early.note(.prefill(done: 3, total: 9))
    early.note(.answer("a"))
    #expect(early.difference(from: early) != nil)
    var late = transcript(["a"])
    late.note(.answer("b"))
    #expect(late.difference(from: late)?.contains("after the end") == true)
  }
}

@Suite struct `Whether memory grows` {
  /// A figure a minute of an hour.
  private func hour(_ value: (Double) -> Double) -> GrowthJudge {
    GrowthJudge((0...60).map { .init(seconds: Double($0) * 60, value: value(Double($0))) })
  }

  private static let least = 8.0 * 1024 * 1024

  @Test func `A line's slope is found, the beginning left out`() throws {
    let judge = hour { $0 < 6 ? 0 : 1000 + 7 * $0 }
    #expect(abs(try #require(judge.perMinute) - 7) < 1e-9)
    #expect(abs(judge.minutes - 54) < 1e-9)
  }

  @Test func `A leak is seen through noise`() {
    func noise(_ minute: Double) -> Double { (minute * 7919).truncatingRemainder(dividingBy: 13) * 200_000 }
    #expect(hour { 3e8 + noise($0) }.isFlat(least: Self.least))
    #expect(!hour { 3e8 + noise($0) + 400_000 * $0 }.isFlat(least: Self.least))
    #expect(hour { 3e8 - 400_000 * $0 }.isFlat(least: Self.least))
  }

  @Test func `Too few figures say nothing`() {
    #expect(GrowthJudge([]).perMinute == nil && GrowthJudge([]).isFlat(least: 1))
    let minute = GrowthJudge((0..<9).map { .init(seconds: Double($0) * 10, value: Double($0) * 1e9) })
    #expect(minute.perMinute ?? 0 > 1e9 && minute.isFlat(least: 1))
    #expect(GrowthJudge([.init(seconds: 0, value: 1), .init(seconds: 9, value: 99)]).perMinute == nil)
    #expect(GrowthJudge((0..<9).map { .init(seconds: 4, value: Double($0)) }).perMinute == nil)
  }

  @Test func `The process is read from the system's text`() {
    let status = "VmRSS:\t  2048 kB\nRssAnon:\t   1024 kB\nThreads:\t9\n"
    let figures = ProcessFigures(status: status)
    #expect(figures.resident == 2 << 20 && figures.anonymous == 1 << 20 && figures.threads == 9)
    #expect(ProcessFigures(status: "") == ProcessFigures())
    #expect(ProcessFigures.current.resident ?? 0 > 1 << 20)
  }
}

@Suite(.serialized) struct `A short soak of a real model` {
  @Test func `holds`() async throws {
    var plan = SoakPlan()
    plan.duration = .seconds(6)
    (plan.clients, plan.identities, plan.cases, plan.contextLength) = (10, 4, 12, 512)
    plan.checkInterval = 5
    var lines = 0
    let report = try await Soak.run(path: try await RealModel.smolLM2.path(), plan: plan) { progress in
      if case .minute = progress { lines += 1 }
    }
    #expect(report.failures == [])
    #expect(report.passed && lines == 1)
    #expect(report.counts.finished > 10 && report.counts.cancelled > 2 && report.counts.checks > 5)
    #expect(report.preemptions > 0 && report.evictions > 0)
    print("\(report.counts), \(report.memory?.perMinute ?? 0) bytes a minute")
  }

  @Test func `A plan out of range is refused`() async throws {
    for change in [
      { $0.clients = 0 }, { $0.identities = 30 }, { $0.cases = 0 }, { $0.duration = .zero },
      { $0.conversationsInCache = 0.5 }, { $0.checkInterval = 0 },
    ] as [(inout SoakPlan) -> Void] {
      var plan = SoakPlan()
      change(&plan)
      await #expect(throws: MinkeError.self) { try await Soak.run(path: "/nonexistent", plan: plan) }
    }
  }
}
