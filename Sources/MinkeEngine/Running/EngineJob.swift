/// Work beside sequences that needs the model, such as embeddings: done piece by piece, one between two steps.
package protocol EngineJob: AnyObject, Sendable {
  var identity: Identity { get }
  /// Tokens that it computes.
  var cost: Int { get }

  /// Does the next piece, on the engine's queue. Returns whether more is to be done.
  ///
  /// - Parameter rows: tokens to compute at most, so that sequences are not held up.
  func proceed(rows: Int) -> Bool
}
