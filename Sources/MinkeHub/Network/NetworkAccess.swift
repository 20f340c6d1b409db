/// Whether this process may open a connection to another machine: every source asks before each one.
package struct NetworkAccess: Equatable, Sendable {
  /// What forbids the network, as a person set it; nil where nothing does.
  private let obstacle: String?

  private init(obstacle: String?) {
    self.obstacle = obstacle
  }

  /// Connections are opened as needed.
  package static let allowed = NetworkAccess(obstacle: nil)

  /// - Parameters:
  ///   - offline: whether `--offline` was given.
  ///   - environment: `MINKE_OFFLINE` forbids the network unless it is empty or 0.
  package init(offline: Bool, environment: [String: String]) {
    let variable = environment["MINKE_OFFLINE"] ?? ""
    if offline {
      obstacle = "--offline"
    } else if !["", "0"].contains(variable) {
      obstacle = "MINKE_OFFLINE"
    } else {
      obstacle = nil
    }
  }

  package var isAllowed: Bool { obstacle == nil }

  /// - Parameter wanted: what a connection would be for, as `smollm2:135m` or a host.
  /// - Throws: ``HubError/offlineAsked(wanted:setting:)``, before anything is opened.
  func check(for wanted: String) throws(HubError) {
    if let obstacle { throw .offlineAsked(wanted: wanted, setting: obstacle) }
  }
}
