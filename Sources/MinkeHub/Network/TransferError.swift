/// What goes wrong between this machine and a server.
package enum TransferError: Error, Equatable {
  /// Text that is no address to fetch from.
  case badAddress(found: String, reason: String)
  /// Plain http where nobody asked for it.
  case plain(address: String)
  /// A name that leads into a private network.
  case closed(host: String, address: String, kind: String)
  /// A proxy that cannot be used; its setting may hold a password and is not shown.
  case badProxy(variable: String)
  /// Redirects that lead nowhere.
  case redirects(host: String, detail: String)

  /// No connection.
  case unreachable(host: String, detail: String)
  /// A certificate that this machine does not trust.
  case refusedCertificate(host: String)
  /// The connection broke, or the server failed, each time it was tried.
  case broken(host: String, detail: String)
  /// No byte for a while, each time it was tried.
  case stalled(host: String, seconds: Int)
  /// The server asks to come back later than we wait.
  case rateLimited(host: String, seconds: Int?)

  /// The server wants its terms accepted, or a token.
  case gated(what: String, page: String, hasToken: Bool, variable: String)
  /// Not there, or not to be seen.
  case missing(what: String, detail: String, hasToken: Bool, variable: String)
  /// Any other status.
  case refused(what: String, status: Int)
  /// An answer that does not say what it should.
  case badAnswer(host: String, detail: String)
  /// The file became another during the fetch, more than once.
  case changing(file: String)
  /// The same wrong content, however often it is read.
  case wrongContent(file: String, found: String, expected: String, readings: Int)

  /// Whether trying again, unchanged, may help.
  var isTransient: Bool {
    switch self {
    case .unreachable, .broken, .stalled, .rateLimited: true
    default: false
    }
  }
}

extension TransferError: CustomStringConvertible {
  /// One line for a person: what, where, and what to do.
  package var description: String {
    switch self {
    case .badAddress(let found, let reason):
      "\(quoted(found)) cannot be fetched from: \(reason)"
    case .plain(let address):
      "\(quoted(address)) is plain http, where anybody on the way may change what comes: give an https address, "
        + "or 'minke pull --insecure'"
    case .closed(let host, let address, let kind):
      "\(quoted(host)) leads to \(address), a \(kind) address: it was not connected to; "
        + "'minke pull --insecure' connects to one of your own"
    case .badProxy(let variable):
      "the proxy that \(variable) names cannot be used: expected http://HOST:PORT or http://USER:PASSWORD@HOST:PORT"
    case .redirects(let host, let detail):
      "\(quoted(host)) answers with \(detail): it was not followed"
    case .unreachable(let host, let detail):
      "\(quoted(host)) could not be reached (\(printableLine(detail))): connect to a network, set HF_ENDPOINT to a mirror, "
        + "or give the path of a .gguf file"
    case .refusedCertificate(let host):
      "the certificate of \(quoted(host)) is not trusted: nothing was fetched from it"
    case .broken(let host, let detail):
      "fetching from \(quoted(host)) failed (\(printableLine(detail))): run the command again, it goes on where it was"
    case .stalled(let host, let seconds):
      "no byte arrived from \(quoted(host)) for \(seconds) s: run the command again, it goes on where it was"
    case .rateLimited(let host, let seconds):
      "\(quoted(host)) asks to come back \(seconds.map { "in \($0) s" } ?? "later"): run the command again then, it goes on "
        + "where it was; with a token it allows more"
    case .gated(let what, let page, let hasToken, let variable):
      "\(quoted(what)) is given only to those who accepted its terms: accept them at \(printableLine(page))"
        + (hasToken
          ? " with the account of your \(variable)" : " and set \(variable) to a token of your account")
    case .missing(let what, let detail, let hasToken, let variable):
      "\(quoted(what)): \(detail): check the name"
        + (hasToken ? "" : ", or set \(variable) if it is private")
    case .refused(let what, let status):
      "the server refused \(quoted(what)) with status \(status)"
    case .badAnswer(let host, let detail):
      "\(quoted(host)) gave an answer that cannot be used: \(printableLine(detail))"
    case .changing(let file):
      "\(quoted(file)) changes at its source while it is fetched: try again later"
    case .wrongContent(let file, let found, let expected, let readings):
      "\(quoted(file)) came with SHA-256 \(found) in \(readings) readings, its source states \(expected): it was not kept"
    }
  }

  /// Text from outside without its control characters.
  private func printableLine(_ text: String) -> String {
    String(quoted(text).dropFirst().dropLast())
  }
}
