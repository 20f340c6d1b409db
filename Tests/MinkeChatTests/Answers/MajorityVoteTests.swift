import MinkeChat
import Testing

@Suite struct `A majority vote` {
  private func vote(_ planned: Int, _ answers: [String]) -> MajorityVote {
    var vote = MajorityVote(planned: planned)
    for answer in answers { vote.add(FinalAnswer.extract(from: answer)) }
    return vote
  }

  @Test func `the most frequent answer leads, in the words in which it came first`() {
    let result = vote(5, ["1", "0.5", "2", #"\boxed{\frac{1}{2}}"#, "3"])
    #expect(result.leader?.text == "0.5")
    #expect(result.entries.map(\.votes) == [1, 2, 1, 1])
    #expect(result.isDecided)
  }

  @Test func `a tie goes to the first given`() {
    #expect(vote(4, ["2", "1", "1", "2"]).leader?.text == "2")
    #expect(vote(4, ["1", "2", "2", "1"]).leader?.text == "1")
  }

  @Test func `no answer is no vote`() {
    let result = vote(3, ["", "", "7"])
    #expect(result.leader?.text == "7")
    #expect(result.received == 3)
    #expect(vote(2, ["", ""]).leader == nil)
    #expect(vote(2, ["", ""]).isDecided)
    #expect(!vote(3, ["", ""]).isDecided)
  }

  @Test(arguments: [
    (3, ["1", "1"], true), (4, ["1", "1"], true), (5, ["1", "1"], false), (5, ["1", "1", "1"], true),
    (4, ["2", "1", "1"], false), (3, ["2", "1", "1"], true), (5, ["1", "1", "2"], false),
    (5, ["1", "1", "2", "2"], false), (4, ["1", "1", "2"], true), (0, [], true),
  ])
  func `it ends when the lead cannot be overtaken`(planned: Int, answers: [String], isDecided: Bool) {
    #expect(vote(planned, answers).isDecided == isDecided)
  }

  @Test func `what is decided does not change, and what is not can`() {
    var random = SeededGenerator(6)
    for _ in 0..<2000 {
      let planned = Int.random(in: 1...7, using: &random)
      let answers = (0..<planned).map { _ in ["", "1", "2", "3"].randomElement(using: &random) ?? "" }
      let seen = Int.random(in: 0...planned, using: &random)
      let part = vote(planned, Array(answers[..<seen]))
      // Every way in which one answer, old or new, takes all that is open.
      let leaders = ["1", "2", "3", "9"].map {
        vote(planned, answers[..<seen] + Array(repeating: $0, count: planned - seen)).leader
      }
      #expect(part.isDecided == leaders.allSatisfy { $0 == part.leader } || part.leader == nil)
      if part.isDecided, part.leader != nil { #expect(vote(planned, answers).leader == part.leader) }
    }
  }
}
