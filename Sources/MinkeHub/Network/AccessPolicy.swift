/// Where requests may go: a pure decision, asked for the first address and for each hop of a redirect.
///
/// What a person named may be anything that is safe to read from; where a server on the Internet sends us may not be a
/// machine behind the person's own wall.
package struct AccessPolicy: Equatable, Sendable {
  /// Origins that a person set as an endpoint, which may be private or on this machine.
  package var endpoints: Set<String>
  /// Whether `--insecure` allows plain http and private addresses everywhere.
  package var isInsecure: Bool

  package init(endpoints: [WebAddress] = [], isInsecure: Bool = false) {
    self.endpoints = Set(endpoints.map(\.origin))
    self.isInsecure = isInsecure
  }

  /// Refuses plain http, unless the address is a person's own endpoint on this machine.
  package func check(_ address: WebAddress) throws(HubError) {
    guard !address.isSecure, !isInsecure else { return }
    guard endpoints.contains(address.origin), address.isLoopback else {
      throw .transfer(.plain(address: address.text))
    }
  }

  /// Of the addresses that a host's name leads to, the one to connect to: the first, once all are allowed.
  package func choose(_ found: [IPAddress], for address: WebAddress) throws(HubError) -> IPAddress {
    guard let first = found.first else {
      throw .transfer(.unreachable(host: address.host, detail: "no address"))
    }
    if isInsecure || endpoints.contains(address.origin) { return first }
    for candidate in found where candidate.kind != .global {
      throw .transfer(
        .closed(host: address.host, address: candidate.description, kind: candidate.kind.rawValue))
    }
    return first
  }

  /// Whether a token of `endpoint` may go with a request: only to that very origin, and not in plain text over a network.
  package static func mayCarryToken(of endpoint: WebAddress, to address: WebAddress) -> Bool {
    endpoint.origin == address.origin && (address.isSecure || address.isLoopback)
  }
}

/// The hops of one request: a pure record that says where a redirect may lead.
package struct RedirectTrail: Equatable, Sendable {
  package static let limit = 10

  private(set) package var visited: [WebAddress]

  package init(_ start: WebAddress) {
    visited = [start]
  }

  /// The next address.
  ///
  /// - Parameter location: the `Location` header as the server sent it.
  /// - Throws: for a loop, more than ten hops, no or a malformed location, and https that leads to http.
  package mutating func follow(_ location: String?) throws(HubError) -> WebAddress {
    let current = visited[visited.count - 1]
    guard let location else {
      throw .transfer(.redirects(host: current.host, detail: "a redirect without a location"))
    }
    let next = try current.resolving(location)
    guard !visited.contains(next) else {
      throw .transfer(.redirects(host: current.host, detail: "redirects that lead back to where they began"))
    }
    guard visited.count <= Self.limit else {
      throw .transfer(.redirects(host: current.host, detail: "more than \(Self.limit) redirects"))
    }
    guard next.isSecure || !current.isSecure else { throw .transfer(.plain(address: next.text)) }
    visited.append(next)
    return next
  }
}
