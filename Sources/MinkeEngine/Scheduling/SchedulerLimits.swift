/// What the scheduler may put into one pass and into its queue.
package struct SchedulerLimits: Sendable, Equatable {
  /// Rows of one pass.
  package var rows = 512
  /// Sequences that run at the same time; at most the rows whose logits a pass can compute.
  package var sequences = 32
  /// Rows whose logits a pass can compute.
  package var logitRows = 64
  /// Sequences that wait, of all identities together …
  package var waiting = 1024
  /// … and of one.
  package var waitingPerIdentity = 256
  /// Rows of prompts in one pass while others answer or wait. It bounds how long they are held up.
  package var chunk = 48
  /// Rows of prompts in one pass when only one sequence is there.
  package var soloChunk = 512
  /// The depth at which attention takes as long as all else: rows of prompts there count twice.
  package var heavyDepth = 2048

  package init() {}
}
