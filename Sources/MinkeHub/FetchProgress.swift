/// How far a fetch has come.
package struct FetchProgress: Equatable, Sendable {
  /// What is being done.
  package enum Phase: Equatable, Sendable {
    /// Another process fetches the same model.
    case waiting
    /// Bytes come over the network.
    case downloading
    /// Bytes are copied on this machine.
    case copying
    /// A part is taken out of its archive.
    case unpacking
    /// The finished file's digest is computed.
    case verifying
    /// What came is not what its source states: the wrong part is looked for and fetched again.
    case repairing
    /// The file has changed at its source: what was there of it is given up.
    case restarting
  }

  package var phase: Phase
  /// Bytes that have come, or were copied.
  package var completed: Int
  /// Bytes that will have come at the end.
  package var total: Int

  package init(phase: Phase, completed: Int, total: Int) {
    self.phase = phase
    self.completed = completed
    self.total = total
  }
}
