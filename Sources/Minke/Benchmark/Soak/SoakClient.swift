internal import MinkeChat
internal import MinkeEngine

/// One of those that ask at the same time: does one act after the other and compares what comes of it.
struct SoakClient: Sendable {
  let number: Int
  let identity: Identity
  let models: SoakModels
  let cases: [SoakCase]
  let reference: SoakReference
  let ledger: SoakLedger

  /// Acts until the time is over; the last act runs to its end.
  func run(_ acts: SoakActs, until end: ContinuousClock.Instant) async {
    var acts = acts
    while ContinuousClock.now < end, !Task.isCancelled {
      let act = acts.next()
      ledger.begin(number, name(of: act))
      await perform(act)
      ledger.end(number)
    }
  }

  private func name(of act: SoakAct) -> String {
    switch act {
    case .whole(let place): cases[place].name
    case .cut(let place, let turn, let cut, _): "\(cases[place].name), turn \(turn), \(cut)"
    case .refused(let refusal): "refusal of \(refusal)"
    case .burst(let place, let count): "\(cases[place].name), \(count) at once"
    case .rest: "rest"
    }
  }

  private func perform(_ act: SoakAct) async {
    switch act {
    case .whole(let place): await whole(place, name(of: act))
    case .cut(let place, let turn, let cut, let goesOn):
      await self.cut(place, turn, cut, goesOn: goesOn, name(of: act))
    case .refused(let refusal): await refused(refusal, name(of: act))
    case .burst(let place, let count):
      await withTaskGroup { group in
        for _ in 0..<count { group.addTask { await whole(place, name(of: act), patience: 0) } }
      }
    case .rest(let milliseconds): try? await Task.sleep(for: .milliseconds(milliseconds))
    }
  }

  // MARK: Whole answers

  /// - Parameter patience: how often it asks again where the queue is full.
  private func whole(_ place: Int, _ name: String, patience: Int = 1000) async {
    let one = cases[place]
    if one.samples != nil { return await vote(place, name, patience: patience) }
    let session = models.session(one, identity)
    for turn in one.turns.indices {
      guard let found = await ask(session, one.turns[turn], name, patience: patience) else { return }
      guard check(found.difference(from: reference.transcripts[place][turn]), name, turn) else { return }
      count(found)
    }
    ledger.note(seen: place)
  }

  /// What came of a question; nil where it was not answered, which was noted.
  private func ask(
    _ session: ChatSession, _ turn: SoakCase.Turn, _ name: String, patience: Int,
    until isEnough: (SoakTranscript) -> Bool = { _ in false }
  ) async -> SoakTranscript? {
    var tries = 0
    while true {
      do {
        var found = SoakTranscript()
        for try await event in session.respond(to: turn.question, parameters: turn.parameters) {
          found.note(event)
          if isEnough(found) { break }
        }
        return found
      } catch {
        guard await isQueueFull(error, name), tries < patience else { return nil }
        tries += 1
      }
    }
  }

  /// Whether an error says to come again, after a while; any other is a failure.
  private func isQueueFull(_ error: any Error, _ name: String) async -> Bool {
    guard (error as? MinkeError)?.kind == .busy else {
      ledger.fail(name, "\(error)")
      return false
    }
    ledger.count { $0.queueFull += 1 }
    try? await Task.sleep(for: .milliseconds(50 + number % 7 * 10))
    return true
  }

  private func check(_ difference: String?, _ name: String, _ turn: Int) -> Bool {
    if let difference { ledger.fail("\(name), turn \(turn)", difference) }
    return difference == nil
  }

  private func count(_ found: SoakTranscript) {
    ledger.count { counts in
      if let ending = found.ending { counts.answerTokens += ending.reasoningTokens + ending.answerTokens }
      if found.ending == nil || found.ending?.reason == .cancelled {
        counts.cancelled += 1
      } else {
        counts.finished += 1
      }
    }
  }

  // MARK: Answers that are broken off

  private func cut(_ place: Int, _ turn: Int, _ cut: SoakCut, goesOn: Bool, _ name: String) async {
    let one = cases[place]
    if one.samples != nil { return await cutVote(place, cut, name) }
    let session = models.session(one, identity)
    for earlier in 0..<turn {
      guard let found = await ask(session, one.turns[earlier], name, patience: 1000) else { return }
      guard check(found.difference(from: reference.transcripts[place][earlier]), name, earlier) else {
        return
      }
      count(found)
    }
    guard let found = await brokenOff(session, one.turns[turn], cut, name) else { return }
    let difference = found.difference(
      fromBeginningOf: reference.transcripts[place][turn], held: one.heldTexts(turn: turn))
    guard check(difference, name, turn) else { return }
    count(found)
    // The conversation is still good for a question, whatever is in it now.
    guard goesOn else { return }
    var next = one.turns[turn]
    next.question = "Go on."
    next.parameters.maximumTokens = 3
    next.parameters.overflow = .dropOldestTurns
    next.parameters.grammar = nil
    guard let last = await ask(session, next, name + ", afterwards", patience: 1000) else { return }
    if let disorder = last.disorder { return ledger.fail(name + ", afterwards", disorder) }
    if last.ending == nil { return ledger.fail(name + ", afterwards", "no end") }
    count(last)
  }

  private func brokenOff(
    _ session: ChatSession, _ turn: SoakCase.Turn, _ cut: SoakCut, _ name: String
  ) async -> SoakTranscript? {
    switch cut {
    case .leave(let pieces):
      return await ask(session, turn, name, patience: 1000) { $0.ending == nil && $0.pieces.count >= pieces }
    case .stop(let pieces):
      return await ask(session, turn, name, patience: 1000) { found in
        if found.pieces.count >= pieces { session.stop() }
        return false
      }
    case .stopLater(let milliseconds):
      async let found = ask(session, turn, name, patience: 1000)
      try? await Task.sleep(for: .milliseconds(milliseconds))
      session.stop()
      return await found
    case .cancel(let milliseconds):
      let reading = Task { await ask(session, turn, name, patience: 1000) }
      try? await Task.sleep(for: .milliseconds(milliseconds))
      reading.cancel()
      return await reading.value
    }
  }

  // MARK: Votes

  private func vote(_ place: Int, _ name: String, patience: Int, isWhole: Bool = true) async {
    let one = cases[place]
    for _ in 0...patience {
      do {
        let vote = try await models.plain.vote(
          on: [.user(one.turns[0].question)], samples: one.samples ?? 1,
          parameters: one.turns[0].parameters, identity: identity)
        guard check(reference.difference(of: vote, on: place, isWhole: isWhole), name, 0) else { return }
        ledger.count { counts in
          counts.votes += 1
          counts.finished += vote.finishedCount
          counts.cancelled += vote.plannedCount - vote.finishedCount
          counts.answerTokens += vote.usage.completionTokens
        }
        if isWhole { ledger.note(seen: place) }
        return
      } catch {
        guard await isQueueFull(error, name), !Task.isCancelled else { return }
      }
    }
  }

  private func cutVote(_ place: Int, _ cut: SoakCut, _ name: String) async {
    let milliseconds =
      switch cut {
      case .stop(let pieces), .leave(let pieces): pieces * 20
      case .stopLater(let milliseconds), .cancel(let milliseconds): milliseconds
      }
    let voting = Task { await vote(place, name, patience: 1000, isWhole: false) }
    try? await Task.sleep(for: .milliseconds(milliseconds))
    voting.cancel()
    await voting.value
  }
}
