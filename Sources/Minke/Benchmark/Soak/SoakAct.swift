/// What a client does next.
package enum SoakAct: Equatable, Sendable {
  /// Asks all of a case and compares.
  case whole(Int)
  /// Breaks one turn off, and perhaps asks something else in the same conversation.
  case cut(Int, turn: Int, SoakCut, goesOn: Bool)
  /// Asks what must be refused.
  case refused(SoakRefusal)
  /// Asks a case many times at once.
  case burst(Int, count: Int)
  case rest(milliseconds: Int)
}

/// How an answer is broken off.
package enum SoakCut: Equatable, Sendable {
  /// `stop()` after so many pieces of text …
  case stop(pieces: Int)
  /// … or after a time.
  case stopLater(milliseconds: Int)
  /// The stream is left.
  case leave(pieces: Int)
  /// The task that reads is cancelled.
  case cancel(milliseconds: Int)
}

/// What must be refused.
package enum SoakRefusal: Equatable, Sendable, CaseIterable {
  case promptTooLong, noTokens, temperature, stopString, thinkBudget, sampleCount, secondQuestion
}

/// What a client does, one thing after the other: decided by the seed and the client's number.
package struct SoakActs {
  private var chance: SoakChance
  private let cases: [SoakCase]
  /// Cases that bursts ask: of one short turn.
  private let short: [Int]

  package init(_ plan: SoakPlan, client: Int, _ cases: [SoakCase]) {
    chance = SoakChance(seed: plan.seed, stream: client)
    self.cases = cases
    short = cases.indices.filter { cases[$0].kind == .greedy }
  }

  package mutating func next() -> SoakAct {
    let place = chance.index(below: cases.count)
    switch chance.index(below: 100) {
    case 0..<52: return .whole(place)
    case 52..<82:
      return .cut(
        place, turn: chance.index(below: cases[place].turns.count), cut(), goesOn: chance.happens(oneIn: 2))
    case 82..<90: return .refused(chance.pick(SoakRefusal.allCases))
    case 90..<92 where !short.isEmpty: return .burst(chance.pick(short), count: chance.number(in: 8...32))
    default: return .rest(milliseconds: chance.index(below: 400))
    }
  }

  private mutating func cut() -> SoakCut {
    switch chance.index(below: 4) {
    case 0: .stop(pieces: chance.index(below: 24))
    case 1: .stopLater(milliseconds: chance.index(below: 1500))
    case 2: .leave(pieces: chance.index(below: 24))
    default: .cancel(milliseconds: chance.index(below: 1500))
    }
  }
}
