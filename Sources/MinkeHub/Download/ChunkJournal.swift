package import Foundation

/// The record of a fetch on disk: what file it is of, in one line of JSON, then 36 bytes a chunk that has arrived (its
/// number, little-endian, and its SHA-256).
///
/// Records are only ever appended, so a process that dies leaves at most one torn record at the end, which is not read.
/// A record that a crash of the machine has spoiled names a digest that the chunk on disk does not have; the chunk is
/// then fetched again.
package struct ChunkJournal: Equatable, Sendable {
  /// What the fetched bytes belong to: another file, or another state of it, is another header.
  package struct Header: Codable, Equatable, Sendable {
    package var schema = 1
    /// Where the file comes from, for the same file found again.
    package var source: String
    package var size: Int
    package var chunkSize: Int
    /// The server's tag for this state of the file.
    package var entityTag: String?
    /// The SHA-256 that the source states.
    package var digest: SHA256Digest?

    package init(source: String, plan: RangePlan, entityTag: String?, digest: SHA256Digest?) {
      self.source = source
      size = plan.size
      chunkSize = plan.chunkSize
      self.entityTag = entityTag
      self.digest = digest
    }
  }

  package var header: Header
  package var digests: ChunkDigests

  static let recordSize = 36
  private static let maximumHeader = 1 << 16

  package init(header: Header) {
    self.header = header
    digests = ChunkDigests(plan: RangePlan(size: header.size, chunkSize: header.chunkSize))
  }

  /// Reads a journal back.
  ///
  /// - Returns: nil for anything that this version would not have written: the fetch then begins anew.
  package init?(decoding data: Data) {
    guard let end = data.prefix(Self.maximumHeader).firstIndex(of: UInt8(ascii: "\n")),
      let header = try? JSONDecoder().decode(Header.self, from: data[data.startIndex..<end]),
      header.schema == 1, RangePlan.isPlausible(size: header.size, chunkSize: header.chunkSize)
    else { return nil }
    self.init(header: header)
    var record = data.index(after: end)
    while let next = data.index(record, offsetBy: Self.recordSize, limitedBy: data.endIndex) {
      let number = data[record..<record + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
      digests[number] = SHA256Digest(bytes: data[record + 4..<next])
      record = next
    }
  }

  /// The bytes of a journal up to the end of its last whole record: what follows is torn.
  package static func wholeLength(of data: Data) -> Int {
    guard let end = data.firstIndex(of: UInt8(ascii: "\n")) else { return 0 }
    let header = data.distance(from: data.startIndex, to: end) + 1
    return header + (data.count - header) / recordSize * recordSize
  }

  /// The header's line.
  package func encodedHeader() -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Text and numbers alone: encoding them cannot fail.
    return ((try? encoder.encode(header)) ?? Data()) + Data("\n".utf8)
  }

  /// The record of a chunk.
  package static func record(_ chunk: Int, _ digest: SHA256Digest) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: chunk >> (8 * $0)) } + digest.bytes
  }

  /// The whole journal, as it is kept beside a finished file.
  package func encoded() -> Data {
    var data = encodedHeader()
    for chunk in 0..<digests.plan.chunkCount {
      if let digest = digests[chunk] { data.append(contentsOf: Self.record(chunk, digest)) }
    }
    return data
  }
}
