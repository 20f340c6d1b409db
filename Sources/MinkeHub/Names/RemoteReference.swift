/// A model that is named by where it comes from: `hf.co/owner/repository:Q4_K_M`, `https://host/file.gguf`.
package struct RemoteReference: Equatable, Sendable {
  /// A hub that keeps repositories.
  package enum Host: String, Sendable {
    case huggingFace = "hf.co"
    case modelScope = "modelscope.cn"

    /// The revision that is meant when none is named.
    package var defaultRevision: String {
      switch self {
      case .huggingFace: "main"
      case .modelScope: "master"
      }
    }

    /// The hosts that people write.
    fileprivate init?(written host: String) {
      switch host {
      case "hf.co", "huggingface.co", "www.huggingface.co": self = .huggingFace
      case "modelscope.cn", "www.modelscope.cn": self = .modelScope
      default: return nil
      }
    }
  }

  package enum Place: Equatable, Sendable {
    case repository(Host, RepositoryName, revision: String?)
    case file(Host, RepositoryName, revision: String?, path: [String])
    case address(WebAddress)
  }

  package var place: Place
  /// What follows the colon: a quantisation or a file's name.
  package var tag: String?

  package init(place: Place, tag: String? = nil) {
    (self.place, self.tag) = (place, tag)
  }

  /// Reads what a person wrote.
  ///
  /// - Returns: nil for text that names no place on a network, such as a path.
  /// - Throws: for text that names one in a way that cannot be followed.
  package init?(_ text: String) throws(HubError) {
    let lower = text.lowercased()
    let hasScheme = lower.hasPrefix("https://") || lower.hasPrefix("http://")
    var rest = text[...]
    if hasScheme { rest = rest.drop { $0 != "/" }.dropFirst(2) }
    let host = rest.prefix { $0 != "/" }
    if let host = Host(written: host.lowercased()), rest.contains("/") {
      let path = rest.dropFirst(rest.prefix { $0 != "/" }.count + 1).prefix { $0 != "?" && $0 != "#" }
      try self.init(host, path: String(path), of: text)
    } else if hasScheme {
      self.init(place: .address(try WebAddress(text)))
    } else {
      return nil
    }
  }

  /// Reads `owner/name`, with a tag or with what a browser shows: `/tree/main`, `/resolve/main/file.gguf`.
  private init(_ host: Host, path: String, of text: String) throws(HubError) {
    var parts = path.split(separator: "/").map(String.init)
    if host == .modelScope, parts.first == "models" { parts.removeFirst() }
    var tag: String?
    if parts.count == 2, let colon = parts[1].firstIndex(of: ":") {
      tag = String(parts[1][parts[1].index(after: colon)...])
      parts[1] = String(parts[1][..<colon])
      guard let tag, FileName.isPlain(tag) else {
        throw .invalidName(found: text, reason: "expected a quantisation after the colon, as in :Q4_K_M")
      }
    }
    guard parts.count >= 2 else {
      throw .invalidName(found: text, reason: "expected \(host.rawValue)/owner/repository")
    }
    let repository = try RepositoryName(owner: parts[0], name: parts[1])
    guard parts.count > 2 else {
      self.init(place: .repository(host, repository, revision: nil), tag: tag)
      return
    }
    let rest = Array(parts[2...])
    guard ["tree", "resolve", "blob"].contains(rest[0]), rest.count >= 2, FileName.isPlain(rest[1]) else {
      throw .invalidName(
        found: text, reason: "expected \(host.rawValue)/owner/repository, or the address of a file there")
    }
    if rest[0] == "tree", rest.count > 2 {
      throw .invalidName(
        found: text,
        reason: "it is a folder of a repository: give the address of a file in it, or "
          + "\(host.rawValue)/\(repository.text) with a quantisation after a colon, as in :Q4_K_M")
    }
    if rest.count == 2 {
      self.init(place: .repository(host, repository, revision: rest[1]))
      return
    }
    guard let path = FileName.components(of: rest[2...].joined(separator: "/")) else {
      throw .invalidName(found: text, reason: "the file's path is malformed")
    }
    self.init(place: .file(host, repository, revision: rest[1], path: path))
  }

  /// The name in the store, without the tag: three parts.
  package var storeName: String {
    switch place {
    case .repository(let host, let name, _), .file(let host, let name, _, _):
      return host.rawValue + "/" + name.text.lowercased()
    case .address(let address):
      let port = address.port == (address.isSecure ? 443 : 80) ? "" : "_\(address.port)"
      let file = address.path.split(separator: "/").last.map(String.init) ?? ""
      return "url/" + Self.plain(address.host + port) + "/" + Self.plain(Self.stem(file))
    }
  }

  /// The tag in the store, as far as the name alone says.
  package var storeTag: String? { storeTag(revision: nil) }

  /// - Parameter other: the revision where it is not the one of this reference.
  func storeTag(revision other: String?) -> String? {
    switch place {
    case .repository: return tag.map { Self.tag(Self.plainTag($0), of: host, other ?? revision) }
    // Two files of one quantisation are two models.
    case .file(_, _, _, let path):
      return Self.tag(Self.plain(Self.stem(path.joined(separator: "/"))), of: host, other ?? revision)
    // Two files of the same name on one host are two models.
    case .address(let address): return Self.mark(address.text)
    }
  }

  /// A tag with the revision that it is of, unless that is the usual one.
  private static func tag(_ tag: String, of host: Host?, _ revision: String?) -> String {
    guard let host, let revision, revision != host.defaultRevision else { return tag }
    let name = plain(revision)
    let suffix = name.utf8.count <= 40 ? name : mark(revision)
    return tag.prefix(90 - suffix.utf8.count) + "-" + suffix
  }

  /// A few digits that tell a text from others.
  static func mark(_ text: String) -> String { String(SHA256Digest(of: Array(text.utf8)).hex.prefix(8)) }

  /// The hub that keeps it; nil for an address.
  package var host: Host? {
    switch place {
    case .repository(let host, _, _), .file(let host, _, _, _): host
    case .address: nil
    }
  }

  /// The revision that is written in it.
  package var revision: String? {
    switch place {
    case .repository(_, _, let revision), .file(_, _, let revision, _): revision
    case .address: nil
    }
  }

  /// A quantisation, or a file's name, as the tag of a name in the store.
  package static func plainTag(_ tag: String) -> String {
    if let quantization = Quantization(tag) { return quantization.name.lowercased() }
    return plain(stem(tag))
  }

  private static func stem(_ name: String) -> String {
    name.lowercased().hasSuffix(".gguf") ? String(name.dropLast(5)) : name
  }

  /// A text in the alphabet of names.
  static func plain(_ text: String) -> String {
    let mapped = text.lowercased().unicodeScalars.map { scalar -> Character in
      let isKept =
        scalar.isASCII
        && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
          || "._-".unicodeScalars.contains(scalar))
      return isKept ? Character(scalar) : "-"
    }
    let trimmed = mapped.drop { "._-".contains($0) }.prefix(90)
    return trimmed.isEmpty ? "model" : String(trimmed)
  }
}

extension RemoteReference: CustomStringConvertible {
  /// As a person would write it.
  package var description: String {
    switch place {
    case .repository(let host, let name, _): host.rawValue + "/" + name.text + (tag.map { ":" + $0 } ?? "")
    case .file(let host, let name, _, let path): host.rawValue + "/" + name.text + ":" + (path.last ?? "")
    case .address(let address): address.text
    }
  }
}
