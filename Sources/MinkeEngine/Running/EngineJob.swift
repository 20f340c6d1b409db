/// Work beside sequences that needs the model, such as embeddings: done piece by piece, one between two steps.
package protocol EngineJob: AnyObject, Sendable {
  var identity: Identity { get }

  /// Does the next piece, on the engine's queue. Returns whether more is to be done.
  ///
  /// - Parameter rows: tokens to compute at most, so that sequences are not held up.
  func proceed(rows: Int) -> Bool

  /// It was cancelled before it began; the only call.
  func withdrawn()
}

/// What a job is known by.
package struct EngineJobTicket: Hashable, Sendable {
  let number: Int
}
