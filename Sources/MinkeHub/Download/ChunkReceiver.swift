internal import Crypto
internal import NIOCore

/// Takes the bytes of a run of chunks as they come, writes them to their place and digests each chunk on the way.
struct ChunkReceiver {
  private let plan: RangePlan
  private let file: DataFile
  private var hash = SHA256()
  /// Where the next byte belongs.
  private(set) var position: Int
  private let end: Int

  /// - Parameter chunks: what the bytes are.
  init(_ chunks: Range<Int>, plan: RangePlan, file: DataFile) {
    self.plan = plan
    self.file = file
    let bytes = plan.bytes(of: chunks)
    (position, end) = (bytes.lowerBound, bytes.upperBound)
  }

  /// Bytes of the current chunk that have come.
  var pending: Int { position % plan.chunkSize }
  var isFull: Bool { position == end }

  /// Writes a piece.
  ///
  /// - Returns: the chunks that it completed, with their digests.
  /// - Throws: when more comes than belongs here.
  mutating func take(_ piece: ByteBuffer, host: String) throws(HubError) -> [(Int, SHA256Digest)] {
    guard piece.readableBytes <= end - position else {
      throw .transfer(.badAnswer(host: host, detail: "more bytes than were asked for"))
    }
    var completed: [(Int, SHA256Digest)] = []
    // Unsafe: the bytes are used only inside the closure.
    let result: Result<Void, HubError> = unsafe piece.withUnsafeReadableBytes { bytes in
      var taken = 0
      while taken < bytes.count {
        let chunk = position / plan.chunkSize
        let part = unsafe UnsafeRawBufferPointer(
          rebasing: bytes[taken..<min(taken + plan.bytes(of: chunk).upperBound - position, bytes.count)])
        do throws(HubError) {
          unsafe try file.write(part, at: position)
        } catch {
          return .failure(error)
        }
        unsafe hash.update(bufferPointer: part)
        taken += part.count
        position += part.count
        if position == plan.bytes(of: chunk).upperBound {
          completed.append((chunk, SHA256Digest(hash)))
          hash = SHA256()
        }
      }
      return .success(())
    }
    try result.get()
    return completed
  }
}
