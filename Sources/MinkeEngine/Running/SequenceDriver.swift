/// What follows in a sequence.
package enum NextTokens: Sendable {
  case one(Int32)
  /// The chosen token, if any, and others that are put in behind it.
  case several([Int32])
  /// Nothing: the sequence is complete.
  case end
}

/// How a sequence left the engine.
package enum SequenceEnding: Sendable {
  /// ``NextTokens/end``
  case complete
  case cancelled
  case failed(any Error)
}

/// Chooses the tokens of one sequence and hears what becomes of it; called on the engine's queue, one call at a time.
package protocol SequenceDriver: AnyObject {
  /// So many tokens of the prompt have been computed; the first call says how many the cache had.
  func prefilled(_ done: Int, of total: Int)

  /// Chooses what follows the sequence's last token.
  ///
  /// - Parameter logits: one a token of the vocabulary; may be changed; valid for the call.
  /// - Throws: what ends this sequence, and no other.
  func next(_ logits: UnsafeMutableBufferPointer<Float>) throws -> NextTokens

  /// Guesses what ``next(_:)`` will choose, given what a draft model thinks; the guess is verified. Changes nothing.
  ///
  /// - Parameters:
  ///   - logits: the draft model's, one a token of the model's vocabulary; may be changed; valid for the call.
  ///   - guesses: what was guessed since the sequence's last token.
  /// - Returns: nil where there is nothing to guess.
  func guess(_ logits: UnsafeMutableBufferPointer<Float>, behind guesses: [Int32]) -> Int32?

  /// The last call.
  func ended(_ ending: SequenceEnding)
}

extension SequenceDriver {
  /// The likeliest token.
  package func guess(_ logits: UnsafeMutableBufferPointer<Float>, behind guesses: [Int32]) -> Int32? {
    var best: Int?
    for index in logits.indices where unsafe logits[index].isFinite {
      if let known = best, unsafe logits[index] <= logits[known] { continue }
      best = index
    }
    return best.flatMap(Int32.init(exactly:))
  }
}
