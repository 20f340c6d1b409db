/// The answer that most of several samples arrive at: self-consistency (Wang et al. 2022, arXiv:2203.11171).
///
/// ```swift
/// var vote = MajorityVote(planned: 64)
/// for try await text in answers {
///   vote.add(FinalAnswer.extract(from: text))
///   if vote.isDecided { break }
/// }
/// print(vote.leader?.text ?? "no answer")
/// ```
public struct MajorityVote: Sendable, Equatable {
  /// An answer and how many samples gave it.
  public struct Entry: Sendable, Equatable {
    /// As the first of them wrote it.
    public let answer: FinalAnswer
    public internal(set) var votes: Int
  }

  /// How many samples are to be taken in all.
  public let planned: Int
  /// How many have been added, those without an answer included.
  public private(set) var received = 0
  /// The answers in the order in which they were first given.
  public private(set) var entries: [Entry] = []
  private var places: [FinalAnswer: Int] = [:]

  public init(planned: Int) { self.planned = max(planned, 0) }

  /// Adds a sample's answer; one without an answer gives no vote.
  public mutating func add(_ answer: FinalAnswer?) {
    received += 1
    guard let answer else { return }
    if let place = places[answer] {
      entries[place].votes += 1
    } else {
      places[answer] = entries.count
      entries.append(Entry(answer: answer, votes: 1))
    }
  }

  /// How many samples are still to come.
  public var open: Int { max(planned - received, 0) }

  /// The answer with the most votes; of several the one that was given first.
  public var leader: FinalAnswer? { leaderPlace.map { entries[$0].answer } }

  private var leaderPlace: Int? {
    var best: Int?
    for place in entries.indices where best.map({ entries[place].votes > entries[$0].votes }) ?? true {
      best = place
    }
    return best
  }

  /// Whether the samples still to come cannot change the leader: further ones need not be computed.
  public var isDecided: Bool {
    guard open > 0 else { return true }
    guard let leader = leaderPlace, open <= entries[leader].votes else { return false }
    return entries.indices.allSatisfy { place in
      let possible = entries[place].votes + open
      return place == leader || possible < entries[leader].votes
        || (possible == entries[leader].votes && leader < place)
    }
  }
}
