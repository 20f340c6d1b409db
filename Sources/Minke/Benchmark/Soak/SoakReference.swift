internal import MinkeChat
internal import MinkeEngine
internal import MinkeSampling

/// What the cases come to when each is alone.
struct SoakReference: Sendable {
  /// By case: a transcript a turn, or, of a vote, a sample.
  let transcripts: [[SoakTranscript]]

  /// Asks every case once, in an engine in which nothing else runs and without guesses.
  static func compute(
    _ cases: [SoakCase], _ models: SoakModels, progress: (Int) -> Void
  ) async throws -> SoakReference {
    var transcripts: [[SoakTranscript]] = []
    for one in cases {
      progress(transcripts.count)
      transcripts.append(try await compute(one, models))
    }
    return SoakReference(transcripts: transcripts)
  }

  private static func compute(_ one: SoakCase, _ models: SoakModels) async throws -> [SoakTranscript] {
    var found: [SoakTranscript] = []
    var session = models.session(one, .local)
    for number in 0..<(one.samples ?? one.turns.count) {
      var turn = one.turns[one.samples == nil ? number : 0]
      if one.samples != nil {
        session = models.session(one, .local)
        turn.parameters.sampling?.seed? &+= UInt64(number)
      }
      turn.parameters.speculates = false
      var transcript = SoakTranscript()
      for try await event in session.respond(to: turn.question, parameters: turn.parameters) {
        transcript.note(event)
      }
      if let disorder = transcript.disorder {
        throw MinkeError(.numeric, "\(one.name), alone: \(disorder)")
      }
      found.append(transcript)
    }
    return found
  }

  /// What is wrong with the result of a vote; nil where nothing is.
  ///
  /// Which samples were finished when the result was clear depends on the machine: what was counted must be some of what
  /// the samples say alone, and the winner one that most of all say.
  func difference(of vote: VotedAnswer, on number: Int, isWhole: Bool) -> String? {
    let samples = transcripts[number]
    var expected: [FinalAnswer: Int] = [:]
    for sample in samples where sample.ending?.reason != .length {
      if let answer = FinalAnswer.extract(from: sample.text(.answer)) { expected[answer, default: 0] += 1 }
    }
    for entry in vote.votes where entry.votes > expected[entry.answer] ?? 0 {
      return
        "\(entry.votes) votes for \(entry.answer.normalized); expected at most \(expected[entry.answer] ?? 0)"
    }
    if let text = vote.text, !samples.contains(where: { $0.text(.answer) == text }) {
      return "the text \"\(text.prefix(80))\"; expected that of a sample"
    }
    guard isWhole else { return nil }
    if vote.finishedCount == samples.count,
      vote.votes.reduce(0, { $0 + $1.votes }) != expected.values.reduce(0, +)
    {
      return "\(vote.votes.reduce(0) { $0 + $1.votes }) votes; expected \(expected.values.reduce(0, +))"
    }
    if let most = expected.values.max(), vote.answer.flatMap({ expected[$0] }) != most {
      return "the answer \(vote.answer?.normalized ?? "none"); expected one of \(most) votes"
    }
    return nil
  }
}

/// The model as it is, and the same made to think.
struct SoakModels: Sendable {
  let plain: LanguageModel
  let thinking: LanguageModel

  init(_ model: LanguageModel) {
    plain = model
    // A name that stands for a family which always opens its reasoning.
    var facts = ModelFacts()
    facts.name = "DeepSeek-R1"
    thinking = LanguageModel(model, as: FamilyDefaults(facts))
  }

  func session(_ one: SoakCase, _ identity: Identity) -> ChatSession {
    ChatSession(model: one.kind == .thinking ? thinking : plain, identity: identity)
  }
}
