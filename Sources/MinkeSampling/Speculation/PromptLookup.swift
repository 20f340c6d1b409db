/// Guesses how a sequence goes on from its own text: the last few tokens are looked up in what came before, and what
/// followed there is the guess. Prompt look-up decoding (Saxena 2023), after "Inference with reference" (Yang et al.
/// 2023, arXiv:2304.04487). It costs no model, and pays where an answer quotes its prompt or itself: code that is
/// edited, a summary, a repetitive table.
///
/// The longest n-gram wins, and of equally long ones the latest. A token takes constant time, on the average, to
/// append and to look up.
///
/// ```swift
/// var lookup = PromptLookup()
/// lookup.append(contentsOf: prompt)
/// let length = lookup.propose(atMost: 8, into: &draft)
/// ```
package struct PromptLookup: Sendable {
  /// How many tokens the end must have in common with an earlier place.
  package let lengths: ClosedRange<Int>
  /// At least so many of the last tokens are searched; never more than twice as many are held. A held token takes up
  /// to 4 bytes, and 16 for each of ``lengths``.
  package let capacity: Int

  private var tokens: [Int32] = []
  private var indexes: [NGramIndex]

  package init(lengths: ClosedRange<Int> = 2...5, capacity: Int = 1 << 16) {
    let shortest = min(max(lengths.lowerBound, 1), 64)
    self.lengths = shortest...min(max(lengths.upperBound, shortest), 64)
    self.capacity = min(max(capacity, 2 * self.lengths.upperBound), 1 << 28)
    indexes = self.lengths.map { NGramIndex(length: $0) }
  }

  /// How many tokens are held.
  package var count: Int { tokens.count }

  /// Takes the next token of the sequence: of the prompt, or of the answer once it is certain.
  package mutating func append(_ token: Int32) {
    if tokens.count == 2 * capacity { forgetFirstHalf() }
    // An n-gram can be found only when something follows it.
    index(place: tokens.count - 1)
    tokens.append(token)
  }

  package mutating func append(contentsOf tokens: some Sequence<Int32>) {
    for token in tokens { append(token) }
  }

  /// Guesses the tokens that come next.
  ///
  /// Where the earlier place lies so near to the end that what followed runs out, the guess goes on from its own
  /// beginning: a text that repeats a line of five tokens is guessed to repeat it for ever.
  ///
  /// - Parameter draft: receives `limit` tokens, or none if nothing was found.
  /// - Returns: how many tokens the end has in common with the place that was found; 0 if none was.
  @discardableResult
  package func propose(atMost limit: Int, into draft: inout [Int32]) -> Int {
    draft.removeAll(keepingCapacity: true)
    let last = tokens.count - 1
    guard limit > 0, last > 0 else { return 0 }
    for index in indexes.reversed() {
      guard let place = index.find(endingAt: last, in: tokens) else { continue }
      for next in place + 1..<place + 1 + limit {
        draft.append(next <= last ? tokens[next] : draft[next - last - 1])
      }
      return index.length
    }
    return 0
  }

  private mutating func index(place: Int) {
    for index in indexes.indices { indexes[index].insert(endingAt: place, in: tokens) }
  }

  private mutating func forgetFirstHalf() {
    tokens.removeFirst(tokens.count - capacity)
    for index in indexes.indices { indexes[index].removeAll() }
    for place in 0..<tokens.count - 1 { index(place: place) }
  }
}
