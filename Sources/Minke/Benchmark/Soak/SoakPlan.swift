/// How long an engine is soaked, and in what.
package struct SoakPlan: Sendable {
  package var duration = Duration.seconds(3600)
  /// Everything that is drawn comes of it: what is asked, in which order, and what is broken off. What meets what also
  /// depends on the machine.
  package var seed: UInt64 = 1
  /// Clients that ask at the same time, each one thing after the other.
  package var clients = 20
  /// Identities that the clients share.
  package var identities = 6
  /// Different things to ask, whose answers are computed alone before.
  package var cases = 48
  /// Tokens of a conversation at most; less where the model has less.
  package var contextLength = 2560
  /// Bytes of keys and values, as a multiple of what one conversation of ``contextLength`` takes. Little more than one is
  /// what all clients share, so that they have to make room for each other.
  package var conversationsInCache = 1.25
  /// The books of the cache are checked every so many steps.
  package var checkInterval = 50

  package init() {}

  /// - Throws: ``MinkeError`` for a number out of its range.
  package func validate() throws(MinkeError) {
    func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(MinkeError) {
      guard range.contains(value) else {
        throw MinkeError(
          .parameters, "the \(name) is \(value); expected \(range.lowerBound) to \(range.upperBound)")
      }
    }
    try check("number of clients", clients, 1...256)
    try check("number of identities", identities, 1...clients)
    try check("number of cases", cases, 1...4096)
    try check("interval of checks", checkInterval, 1...1_000_000)
    guard duration > .zero, duration <= .seconds(7 * 24 * 3600) else {
      throw MinkeError(
        .parameters, "the soak takes \(duration); expected more than nothing and at most a week")
    }
    guard conversationsInCache >= 1.1, conversationsInCache <= 1000 else {
      throw MinkeError(
        .parameters, "memory for \(conversationsInCache) conversations is given; expected 1.1 to 1000")
    }
  }
}
