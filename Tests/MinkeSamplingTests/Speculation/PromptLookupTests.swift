import MinkeSampling
import Testing

@Suite struct `Prompt look-up` {
  /// The definition: the longest end that occurred before, and of its places the latest.
  private func reference(_ tokens: [Int32], _ lengths: ClosedRange<Int>, _ limit: Int) -> (Int, [Int32]) {
    for length in lengths.reversed() where tokens.count > length {
      let end = tokens.suffix(length)
      for start in (0..<tokens.count - length).reversed()
      where tokens[start..<start + length].elementsEqual(end) {
        var text = tokens
        for place in start + length..<start + length + limit { text.append(text[place]) }
        return (length, Array(text[tokens.count...]))
      }
    }
    return (0, [])
  }

  @Test(arguments: [2, 3, 5, 40]) func `what followed the longest, latest match is proposed`(alphabet: Int32)
  {
    var random = SeededGenerator(UInt64(alphabet))
    for lengths in [1...1, 2...5, 1...3, 4...6] {
      var lookup = PromptLookup(lengths: lengths)
      var tokens: [Int32] = []
      var draft: [Int32] = []
      for step in 0..<400 {
        let token = Int32.random(in: 0..<alphabet, using: &random)
        tokens.append(token)
        lookup.append(token)
        let (length, expected) = reference(tokens, lengths, step % 9)
        let found = lookup.propose(atMost: step % 9, into: &draft)
        #expect(draft == expected)
        if step % 9 > 0 { #expect(found == length) }
      }
    }
  }

  @Test func `a text that repeats itself is guessed to go on`() {
    var lookup = PromptLookup()
    var draft: [Int32] = [9]
    lookup.append(contentsOf: [1, 2, 3, 1, 2, 3])
    #expect(lookup.propose(atMost: 7, into: &draft) == 3)
    #expect(draft == [1, 2, 3, 1, 2, 3, 1])
  }

  @Test func `without a match nothing is proposed`() {
    var lookup = PromptLookup()
    var draft: [Int32] = [9]
    #expect(lookup.propose(atMost: 4, into: &draft) == 0)
    #expect(draft.isEmpty)
    lookup.append(contentsOf: [1, 2, 3, 4, 1])
    #expect(lookup.propose(atMost: 4, into: &draft) == 0)
  }

  @Test func `old tokens are forgotten`() {
    var random = SeededGenerator(4)
    var lookup = PromptLookup(capacity: 1000)
    lookup.append(contentsOf: [-1, -2, -3, -4])
    var recent: [Int32] = []
    for _ in 0..<5000 {
      recent.append(Int32.random(in: 0..<1 << 20, using: &random))
      lookup.append(recent[recent.count - 1])
      #expect(lookup.count <= 2000)
    }
    var draft: [Int32] = []
    lookup.append(contentsOf: [-1, -2])
    #expect(lookup.propose(atMost: 2, into: &draft) == 0)
    lookup.append(contentsOf: recent.suffix(900).prefix(3))
    #expect(lookup.propose(atMost: 2, into: &draft) == 3)
    #expect(draft.elementsEqual(recent.suffix(897).prefix(2)))
  }

  @Test func `appending and looking up take constant time`() {
    let clock = ContinuousClock()
    for period in [1, 3, 100_000] {
      var lookup = PromptLookup(capacity: 1 << 18)
      var draft: [Int32] = []
      let time = clock.measure {
        for place in 0..<300_000 {
          lookup.append(Int32(place % period))
          lookup.propose(atMost: 8, into: &draft)
        }
      }
      #expect(time < .seconds(3))
    }
  }
}
