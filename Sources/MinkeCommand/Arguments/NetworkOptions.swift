internal import ArgumentParser
internal import MinkeHub

/// Whether and how a command may use the network.
struct NetworkOptions: ParsableArguments {
  @Flag(help: "Open no connection at all; as MINKE_OFFLINE=1.")
  var offline = false

  /// The hub of this process.
  func hub(insecure: Bool = false) throws -> Hub { try Hub.current(offline: offline, insecure: insecure) }
}
