internal import MinkeChat
internal import MinkeSampling

extension SoakClient {
  /// Asks what must be refused, and sees that it is, for its reason.
  func refused(_ refusal: SoakRefusal, _ name: String) async {
    if refusal == .secondQuestion { return await askTwice(name) }
    var parameters = GenerationParameters()
    parameters.maximumTokens = 4
    var question = "What is the capital of France?"
    switch refusal {
    case .promptTooLong: question = String(repeating: question + " ", count: models.plain.contextLength)
    case .noTokens: parameters.maximumTokens = 0
    case .temperature:
      parameters.sampling = SamplingParameters()
      parameters.sampling?.temperature = -1
    case .stopString: parameters.stop = [""]
    case .thinkBudget: parameters.thinkBudget = -1
    case .sampleCount, .secondQuestion: break
    }
    do {
      if refusal == .sampleCount {
        _ = try await models.plain.vote(on: [.user(question)], samples: 0, parameters: parameters)
      } else {
        let session = ChatSession(model: models.plain, identity: identity)
        for try await _ in session.respond(to: question, parameters: parameters) {}
      }
      ledger.fail(name, "an answer")
    } catch {
      guard Self.isExpected(error, of: refusal) else { return ledger.fail(name, "\(error)") }
      ledger.count { $0.refused += 1 }
    }
  }

  private static func isExpected(_ error: any Error, of refusal: SoakRefusal) -> Bool {
    guard let kind = (error as? MinkeError)?.kind else { return false }
    if case .contextOverflow = kind { return refusal == .promptTooLong }
    return refusal == .promptTooLong ? false : kind == .parameters
  }

  /// A second question while the first is answered is refused, and the first goes on.
  private func askTwice(_ name: String) async {
    guard let place = cases.indices.first(where: { cases[$0].kind == .sampled }) else { return }
    let (session, turn) = (models.session(cases[place], identity), cases[place].turns[0])
    do {
      // The first has the session as soon as it has its stream.
      let first = session.respond(to: turn.question, parameters: turn.parameters)
      do {
        // Only where the first was refused, or ended at once, is there an answer.
        for try await _ in session.respond(to: "And?", parameters: turn.parameters) {}
      } catch {
        guard (error as? MinkeError)?.kind == .busy else { return ledger.fail(name, "\(error)") }
        ledger.count { $0.refused += 1 }
      }
      var found = SoakTranscript()
      for try await event in first { found.note(event) }
      if let difference = found.difference(from: reference.transcripts[place][0]) {
        ledger.fail(name, difference)
      }
    } catch {
      // The queue may be full for the first.
      guard (error as? MinkeError)?.kind == .busy else { return ledger.fail(name, "\(error)") }
      ledger.count { $0.queueFull += 1 }
    }
  }
}
