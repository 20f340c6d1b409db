/// A file that a server offers, as far as it is known before it is fetched.
package struct RemoteFile: Equatable, Sendable {
  /// What the source states of the content.
  package enum Claim: Equatable, Sendable {
    case sha256(SHA256Digest)
    /// The name that git gives the content: SHA-1 of `blob <size>\0<content>`, 40 hexadecimal digits.
    case gitBlob(String)
    /// Nothing: the digest is learnt from what comes.
    case nothing
  }

  /// A plain name, which is checked: see ``FileName``.
  package var name: String
  /// Where it is in its repository; nil for one that is given by its address.
  package var path: String?
  package var address: WebAddress
  package var size: Int?
  package var claim: Claim

  package init(name: String, path: String? = nil, address: WebAddress, size: Int?, claim: Claim) {
    (self.name, self.path, self.address, self.size, self.claim) = (name, path, address, size, claim)
  }

  /// The SHA-256 that the source states.
  package var digest: SHA256Digest? {
    if case .sha256(let digest) = claim { digest } else { nil }
  }

  /// What tells it from other files while it is fetched.
  var key: SHA256Digest { digest ?? SHA256Digest(of: Array(address.text.utf8)) }
}

/// Names of files as servers and other programs state them, which become file names here.
package enum FileName {
  /// Whether a text is one plain file name: no separator, no control character, not hidden, at most 200 bytes.
  package static func isPlain(_ text: some StringProtocol) -> Bool {
    guard !text.isEmpty, text.utf8.count <= 200, text.utf8.first != UInt8(ascii: ".") else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
      switch scalar {
      case "/", "\\", ":", "\0": return false
      default: break
      }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: return false
      default: return true
      }
    }
  }

  /// The parts of a path inside a repository, if each is a plain name and there are at most 16.
  package static func components(of path: String) -> [String]? {
    guard path.utf8.count <= 1024 else { return nil }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 16, parts.allSatisfy({ isPlain($0) }) else { return nil }
    return parts.map(String.init)
  }
}
