/// What `Content-Range` says: `bytes 0-1023/146515` (RFC 9110, section 14.4).
package struct ContentRange: Equatable, Sendable {
  package var bytes: Range<Int>
  package var total: Int

  /// - Returns: nil for any other text, for a total that is not stated, and for sizes that no file has.
  package init?(_ text: String) {
    guard text.lowercased().hasPrefix("bytes ") else { return nil }
    let fields = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard fields.count == 2, let total = RangePlan.checked(size: Int(fields[1])) else { return nil }
    let ends = fields[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), first >= 0, first <= last,
      last < total
    else { return nil }
    bytes = first..<last + 1
    self.total = total
  }
}
