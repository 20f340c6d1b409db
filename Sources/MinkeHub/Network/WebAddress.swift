internal import Foundation

/// An `http` or `https` address in checked parts. Text from outside becomes a request only through this type.
package struct WebAddress: Hashable, Sendable {
  package let isSecure: Bool
  /// Lower case, without brackets: a name, or an IP address.
  package let host: String
  package let port: Int
  /// Path and query, percent-encoded, beginning with `/`.
  package let target: String

  private static let maximumLength = 16_384

  private init(isSecure: Bool, host: String, port: Int, target: String) {
    (self.isSecure, self.host, self.port, self.target) = (isSecure, host, port, target)
  }

  /// - Throws: ``TransferError/badAddress(found:reason:)`` for anything but a plain web address: other schemes,
  ///   a user or password in it, control characters, more than 16,384 bytes.
  package init(_ text: String) throws(HubError) {
    func refuse(_ reason: String) -> HubError { .transfer(.badAddress(found: text, reason: reason)) }
    guard text.utf8.count <= Self.maximumLength else { throw refuse("it is too long") }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else {
      throw refuse("it has spaces, backslashes or control characters")
    }
    guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased() else {
      throw refuse("it is no web address")
    }
    guard scheme == "https" || scheme == "http" else { throw refuse("expected https") }
    guard parts.user == nil, parts.password == nil else { throw refuse("it holds a user name or password") }
    guard var host = parts.encodedHost?.lowercased(), !host.isEmpty else { throw refuse("it names no host") }
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard host.utf8.count <= 253, host.utf8.allSatisfy(Self.isHostByte) else {
      throw refuse("its host is malformed")
    }
    let port = parts.port ?? (scheme == "https" ? 443 : 80)
    guard (1...65_535).contains(port) else { throw refuse("its port is out of range") }
    let path = parts.percentEncodedPath
    let query = parts.percentEncodedQuery.map { "?" + $0 } ?? ""
    self.init(
      isSecure: scheme == "https", host: host, port: port,
      target: (path.hasPrefix("/") ? path : "/" + path) + query)
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"): true
    default: false
    }
  }

  /// Scheme, host and port: what a token is for.
  package var origin: String {
    let name = host.contains(":") ? "[\(host)]" : host
    let isUsual = port == (isSecure ? 443 : 80)
    return (isSecure ? "https://" : "http://") + name + (isUsual ? "" : ":\(port)")
  }

  package var text: String { origin + target }
  package var hasQuery: Bool { target.contains("?") }
  /// For what is kept or shown: a query may hold a secret.
  package var textWithoutQuery: String { origin + target.prefix { $0 != "?" } }

  /// The path without the query, decoded.
  package var path: String {
    let encoded = target.prefix { $0 != "?" }
    return String(encoded).removingPercentEncoding ?? String(encoded)
  }

  /// Whether the host is this machine by its very writing: `localhost`, `127.…` or `::1`.
  package var isLoopback: Bool {
    host == "localhost" || IPAddress(host)?.kind == .loopback
  }

  /// The address that a `Location` header, absolute or relative, means here.
  package func resolving(_ location: String) throws(HubError) -> WebAddress {
    guard location.utf8.count <= Self.maximumLength, let base = URL(string: text),
      let url = URL(string: location, relativeTo: base)
    else { throw .transfer(.badAddress(found: location, reason: "a redirect leads there")) }
    return try WebAddress(url.absoluteString)
  }

  /// An address below this one; each component is percent-encoded.
  package func appending(_ components: [String], query: String? = nil) -> WebAddress {
    let base = target.prefix { $0 != "?" }
    let path = components.map(Self.encoded).joined(separator: "/")
    let joined = (base.hasSuffix("/") ? String(base) : base + "/") + path
    return WebAddress(
      isSecure: isSecure, host: host, port: port, target: joined + (query.map { "?" + $0 } ?? ""))
  }

  /// Percent-encodes all but letters, digits and `-._~`.
  static func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        result.unicodeScalars.append(UnicodeScalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return result
  }
}
