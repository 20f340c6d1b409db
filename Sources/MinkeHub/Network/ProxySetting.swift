internal import Foundation

/// The proxy that the environment names for an address, as other programs read it: a pure decision.
///
/// `https_proxy`, `http_proxy` (in lower case alone, since a server may set the other from a request) and `all_proxy` name
/// one; `no_proxy` lists hosts and domains that are reached without. A proxy resolves names itself: what is checked then is
/// only that the address does not name a private one outright.
package struct ProxySetting: Equatable, Sendable {
  package var address: WebAddress
  package var user: String?
  package var password: String?

  /// - Throws: ``TransferError/badProxy(variable:)`` for a setting that cannot be followed: going without the proxy that a
  ///   person set would show their address to those whom it hides it from.
  package static func proxy(
    for address: WebAddress, environment: [String: String]
  ) throws(HubError) -> ProxySetting? {
    func setting(_ names: String...) -> (name: String, text: String)? {
      for name in names {
        if let text = environment[name], !text.isEmpty { return (name, text) }
      }
      return nil
    }
    let excluded = setting("no_proxy", "NO_PROXY")?.text ?? ""
    guard !address.isLoopback, !isExcluded(address.host, by: excluded) else { return nil }
    let found =
      address.isSecure
      ? setting("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
      : setting("http_proxy", "all_proxy", "ALL_PROXY")
    guard let found else { return nil }
    guard let proxy = ProxySetting(found.text) else { throw .transfer(.badProxy(variable: found.name)) }
    return proxy
  }

  /// Reads `http://user:password@host:port`; what is written without a scheme is a host and a port.
  private init?(_ text: String) {
    guard var parts = URLComponents(string: text.contains("://") ? text : "http://" + text),
      parts.scheme?.lowercased() == "http"
    else { return nil }
    (user, password) = (parts.user, parts.password)
    (parts.user, parts.password) = (nil, nil)
    guard let plain = parts.string, let address = try? WebAddress(plain) else { return nil }
    self.address = address
  }

  private static func isExcluded(_ host: String, by list: String) -> Bool {
    list.split(whereSeparator: { $0 == "," || $0 == " " }).contains { entry in
      let entry = entry.lowercased().drop { $0 == "." }
      return entry == "*" || host == entry || host.hasSuffix("." + entry)
    }
  }
}
