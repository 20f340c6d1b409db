/// A model's name in the store and the catalogue: `name:tag`, as in `smollm2:135m`.
///
/// Both parts become file names, so their alphabet is narrow: lower-case ASCII letters, digits, `.`,
/// `_` and `-`, beginning with a letter or digit, at most 96 of them. That leaves no `..`, no
/// separator, no control character, and no two names that differ only by case. A model that is named by where it comes
/// from has three such parts before the colon, the first one of ``hosts``: `hf.co/owner/repository:q4_k_m`.
package struct ModelName: Hashable, Sendable {
  /// The part before the colon.
  package let name: String
  /// The part after the colon.
  package let tag: String

  /// Checks both parts.
  package init(name: String, tag: String) throws(HubError) {
    try Self.checkName(name, of: "\(name):\(tag)")
    try Self.check(tag, of: "\(name):\(tag)")
    self.name = name
    self.tag = tag
  }

  /// Reads `name:tag`; capital letters are lowered.
  package init(_ text: String) throws(HubError) {
    let parts = try ModelName.parts(of: text)
    guard let tag = parts.tag else {
      throw .invalidName(found: text, reason: "a tag is missing, as in smollm2:135m")
    }
    try self.init(name: parts.name, tag: tag)
  }

  /// Splits `name` or `name:tag` and checks the parts; capital letters are lowered.
  package static func parts(of text: String) throws(HubError) -> (name: String, tag: String?) {
    guard text.utf8.count <= 4 * maximumLength else {
      throw .invalidName(found: text, reason: "it is too long")
    }
    let pieces = text.lowercased().split(separator: ":", omittingEmptySubsequences: false)
    guard let name = pieces.first, pieces.count <= 2 else {
      throw .invalidName(found: text, reason: "it has more than one colon")
    }
    try checkName(name, of: text)
    guard pieces.count == 2 else { return (String(name), nil) }
    try check(pieces[1], of: text)
    return (String(name), String(pieces[1]))
  }

  private static let maximumLength = 96
  /// What a name of three parts begins with: the hubs, and `url` for what came from an address.
  package static let hosts = ["hf.co", "modelscope.cn", "url"]

  private static func checkName(_ name: some StringProtocol, of text: String) throws(HubError) {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 3, hosts.contains(String(parts[0])) {
      for part in parts { try check(part, of: text) }
    } else {
      try check(name, of: text)
    }
  }

  private static func check(_ part: some StringProtocol, of text: String) throws(HubError) {
    guard let first = part.utf8.first else {
      throw .invalidName(found: text, reason: "a part of it is empty")
    }
    guard part.utf8.count <= maximumLength else {
      throw .invalidName(found: text, reason: "it is too long")
    }
    guard isAlphanumeric(first), part.utf8.allSatisfy({ isAlphanumeric($0) || "._-".utf8.contains($0) })
    else {
      throw .invalidName(
        found: text,
        reason: "expected letters, digits, '.', '_' and '-', beginning with a letter or digit")
    }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }
}

extension ModelName: CustomStringConvertible {
  package var description: String { "\(name):\(tag)" }
}

extension ModelName: Comparable {
  package static func < (left: ModelName, right: ModelName) -> Bool {
    (left.name, left.tag) < (right.name, right.tag)
  }
}

extension ModelName: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
