/// Decides which sequences run and what each pass computes: continuous batching with prompts in chunks (Yu et al., "Orca",
/// OSDI 2022; Agrawal et al., arXiv:2308.16369). A pure value: it moves blocks and sequences about and computes nothing.
///
/// - Sequences that answer go into every pass. Prompts share a budget of rows beside them, the shortest first, and none
///   is passed over for ever. A pass that completes a prompt takes no part of a longer one along.
/// - Of those that wait, the highest priority goes first, then the identity that was served least, then who came first.
/// - Where memory is short, who came last of the lowest priority makes room, and begins again later with what the cache still
///   has. Where all places are taken, an identity with more than its share makes room for one with less.
package struct Scheduler {
  package let limits: SchedulerLimits
  package internal(set) var waiting: [TokenSequence] = []
  /// In the order in which they are served.
  package internal(set) var running: [TokenSequence] = []
  var service = ServiceAccount()
  /// Makes other decisions than the best, for tests.
  package var disturbance: Disturbance?

  /// So many steps a prompt is passed over before it goes first.
  static let patience = 8

  package init(_ limits: SchedulerLimits) { self.limits = limits }

  package var isIdle: Bool { waiting.isEmpty && running.isEmpty }

  /// Takes a sequence to those that wait.
  package mutating func add(_ sequence: TokenSequence) {
    waiting.append(sequence)
    service.arrive(sequence.identity)
  }

  /// Takes a sequence out that has ended or was cancelled; its blocks are free at once.
  package mutating func remove(_ sequence: TokenSequence, _ blocks: inout BlockManager) {
    if let index = running.firstIndex(where: { $0 === sequence }) {
      running.remove(at: index)
      blocks.end(&sequence.table, sequence.tokens, computed: sequence.computed)
      sequence.computed = 0
    } else if let index = waiting.firstIndex(where: { $0 === sequence }) {
      waiting.remove(at: index)
    } else {
      return
    }
    service.leave(sequence.identity)
  }

  /// A pass is done: a sequence has computed the first `computed` of its tokens.
  package mutating func advance(_ sequence: TokenSequence, to computed: Int, _ blocks: inout BlockManager) {
    let isAnswer = sequence.hasPrompt
    service.add(
      Double(computed - sequence.computed) * (isAnswer ? ServiceAccount.decodeWeight : 1),
      to: sequence.identity)
    sequence.computed = computed
    blocks.commit(&sequence.table, sequence.tokens, computed: computed)
  }

  /// Whether others wait for the prompt that a sequence is computing.
  package func isAwaited(_ sequence: TokenSequence) -> Bool {
    sequence.promptGroup != nil && waiting.contains { $0.promptGroup == sequence.promptGroup }
  }
}
