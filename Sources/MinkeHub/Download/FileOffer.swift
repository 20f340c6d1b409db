/// What a server says of a file when it is asked for the first byte: a pure reading of its answer.
package struct FileOffer: Equatable, Sendable {
  package var size: Int
  /// The tag of this state of the file: the hub's where there is one.
  package var entityTag: String?
  /// `Last-Modified`, cut to what is kept.
  package var modified: String?
  /// The SHA-256 that the hub states, in the tag of what it links to.
  package var digest: SHA256Digest?
  /// The commit of the repository.
  package var commit: String?
  /// Whether parts can be asked for.
  package var acceptsRanges: Bool
  /// Where the bytes are, after all redirects.
  package var location: WebAddress

  /// - Parameters:
  ///   - status: 200 or 206, of the last hop.
  ///   - headers: of all hops, by lower-case name.
  ///   - last: the headers of the last hop alone.
  ///   - stated: the size that a list stated, for an answer that does not say its own.
  /// - Throws: ``TransferError/badAnswer(host:detail:)`` when it does not say how long the file is, or contradicts itself.
  package init(
    status: Int, passed: [String: String], last: [String: String], location: WebAddress, stated: Int? = nil
  ) throws(HubError) {
    func refuse(_ detail: String) -> HubError { .transfer(.badAnswer(host: location.host, detail: detail)) }
    self.location = location
    if status == 206 {
      guard let range = last["content-range"].flatMap(ContentRange.init), range.bytes.lowerBound == 0 else {
        throw refuse("a part of a file that does not say which")
      }
      size = range.total
    } else {
      let text = last["content-length"]
      guard let length = RangePlan.checked(size: text.map { Int($0) } ?? stated) else {
        throw refuse("it does not say how long the file is")
      }
      size = length
    }
    acceptsRanges = status == 206
    if let linked = passed["x-linked-size"] {
      guard Int(linked) == size else {
        throw refuse("a file of \(size) bytes that it calls \(linked) bytes long")
      }
    }
    let linkedTag = passed["x-linked-etag"].map(Self.opaque)
    entityTag = linkedTag ?? last["etag"].map(Self.opaque)
    modified = last["last-modified"].map { String($0.prefix(200)) }
    digest = linkedTag.flatMap { try? SHA256Digest(hex: $0) }
    commit = passed["x-repo-commit"].flatMap { Self.isCommit($0) ? $0 : nil }
  }

  /// An entity tag without quotes and weakness, cut to what is kept.
  package static func opaque(_ tag: String) -> String {
    var tag = tag[...]
    if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
    return String(tag.filter { $0 != "\"" }.prefix(200))
  }

  private static func isCommit(_ text: String) -> Bool {
    text.utf8.count == 40 && text.allSatisfy { $0.isASCII && ($0.isNumber || ("a"..."f").contains($0)) }
  }
}
