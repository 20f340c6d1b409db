/// The proxy that the environment names for an address, as other programs read it: a pure decision.
///
/// `https_proxy`, `http_proxy` (in lower case alone, since a server may set the other from a request) and `all_proxy` name
/// one; `no_proxy` lists hosts and domains that are reached without. A proxy resolves names itself: what is checked then is
/// only that the address does not name a private one outright.
package enum ProxySetting {
  package static func proxy(for address: WebAddress, environment: [String: String]) -> WebAddress? {
    func value(_ names: String...) -> String? {
      names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }
    guard !address.isLoopback, !isExcluded(address.host, by: value("no_proxy", "NO_PROXY") ?? "") else {
      return nil
    }
    let text =
      address.isSecure
      ? value("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
      : value("http_proxy", "all_proxy", "ALL_PROXY")
    guard let text else { return nil }
    // What is written without a scheme is a host and a port.
    return try? WebAddress(text.contains("://") ? text : "http://" + text)
  }

  private static func isExcluded(_ host: String, by list: String) -> Bool {
    list.split(whereSeparator: { $0 == "," || $0 == " " }).contains { entry in
      let entry = entry.lowercased().drop { $0 == "." }
      return entry == "*" || host == entry || host.hasSuffix("." + entry)
    }
  }
}
