/// What one pass computes.
package struct StepPlan {
  /// The part of one sequence.
  package struct Slice {
    package let sequence: TokenSequence
    /// Tokens from the first that is not computed; drafts not counted.
    package let count: Int
    /// Drafts behind them.
    package let draftCount: Int

    /// Rows whose logits are wanted: none within a prompt.
    package var logitCount: Int { count == sequence.pending ? 1 + draftCount : 0 }
  }

  package internal(set) var slices: [Slice] = []
  /// Sequences that begin, or begin again, with this pass.
  package internal(set) var admitted: [TokenSequence] = []
  /// Sequences that made room and wait again.
  package internal(set) var preempted: [TokenSequence] = []
  /// To be done before the pass, in this order.
  package internal(set) var copies: [BlockCopy] = []
  /// Sequences that can never go on: they are alone and memory does not suffice.
  package internal(set) var stuck: [TokenSequence] = []

  package var rowCount: Int { slices.reduce(0) { $0 + $1.count + $1.draftCount } }
}
