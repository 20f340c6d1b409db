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

  /// The last call.
  func ended(_ ending: SequenceEnding)
}
