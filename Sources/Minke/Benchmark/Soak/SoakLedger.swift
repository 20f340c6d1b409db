internal import MinkeTensors
internal import Synchronization

/// Where all clients of a soak write down what they did. Its size does not grow with time.
final class SoakLedger: Sendable {
  private struct State {
    var counts = SoakCounts()
    var failures: [SoakFailure] = []
    var failureCount = 0
    var seen: Set<Int> = []
    var finishedClients = 0
    /// By client: what it is doing, and since when.
    var acts: [Int: (name: String, start: ContinuousClock.Instant)] = [:]
  }

  /// So many failures are kept: the first.
  private static let keptCount = 20

  private let state = Mutex(State())
  private let start = ContinuousClock.now

  var seconds: Double { (ContinuousClock.now - start).seconds }
  var counts: SoakCounts { state.withLock { $0.counts } }
  var failures: (first: [SoakFailure], count: Int) { state.withLock { ($0.failures, $0.failureCount) } }
  /// What clients are doing.
  var acts: [String] { state.withLock { $0.acts.values.map(\.name).sorted() } }

  /// Clients that ask nothing more.
  var finishedClients: Int { state.withLock { $0.finishedClients } }

  func noteFinished() { state.withLock { $0.finishedClients += 1 } }

  func count(_ change: (inout SoakCounts) -> Void) { state.withLock { change(&$0.counts) } }

  func note(seen number: Int) {
    state.withLock { state in
      state.seen.insert(number)
      state.counts.casesSeen = state.seen.count
    }
  }

  func fail(_ place: String, _ difference: String) {
    let failure = SoakFailure(seconds: seconds, place: place, difference: difference)
    state.withLock { state in
      state.failureCount += 1
      if state.failures.count < Self.keptCount { state.failures.append(failure) }
    }
  }

  func begin(_ client: Int, _ act: String) { state.withLock { $0.acts[client] = (act, .now) } }

  func end(_ client: Int) {
    state.withLock { state in
      guard let act = state.acts.removeValue(forKey: client) else { return }
      state.counts.longestWait = max(state.counts.longestWait, (ContinuousClock.now - act.start).seconds)
    }
  }
}
