internal import Crypto
internal import Foundation

/// The check of a file that has arrived, and the repair of one that is wrong.
struct Verification {
  let download: Download
  let arrival: Arrival
  /// What the source states.
  let expected: SHA256Digest?

  /// - Parameters:
  ///   - digests: of the chunks as they came; of what is there at the end.
  ///   - found: the SHA-256 of the whole, where it is known.
  ///   - isResumed: whether some of it came in an earlier run, since when the disk may have lost it.
  /// - Returns: the SHA-256 of the file on disk.
  func run(_ digests: inout ChunkDigests, found: SHA256Digest?, isResumed: Bool) async throws -> SHA256Digest
  {
    let plan = arrival.plan
    var readings = 1
    var repairs = 0
    var found = found
    if expected == nil, isResumed {
      let bad = try damaged(digests)
      if !bad.isEmpty {
        _ = try await arrival.fetch(&digests, wanted: bad)
        found = nil
      }
    }
    while true {
      let digest = try found ?? whole()
      guard isWrong(digest) else { return digest }
      tell(.repairing)
      let bad = try damaged(digests)
      if !bad.isEmpty, repairs < download.options.readings {
        repairs += 1
        _ = try await arrival.fetch(&digests, wanted: bad)
      } else {
        guard readings < download.options.readings else { throw failure(digest, readings) }
        let before = digests
        readings += 1
        _ = try await arrival.fetch(&digests, wanted: Set(0..<plan.chunkCount))
        // The source says the same again: it is the source that is wrong.
        if digests == before, bad.isEmpty { throw failure(digest, readings) }
      }
      found = nil
    }
  }

  private func isWrong(_ digest: SHA256Digest) -> Bool {
    if let expected { return digest != expected }
    if case .gitBlob(let name) = download.file.claim { return (try? gitName()) != name }
    return false
  }

  private func failure(_ digest: SHA256Digest, _ readings: Int) -> HubError {
    // Nothing of it is worth going on from.
    download.partial.discard()
    let stated: String =
      if let expected { expected.hex } else if case .gitBlob(let name) = download.file.claim {
        "git " + name
      } else { "none" }
    return .transfer(
      .wrongContent(file: download.file.name, found: digest.hex, expected: stated, readings: readings))
  }

  private func whole() throws -> SHA256Digest {
    tell(.verifying)
    return try SHA256Digest(ofFile: download.partial.data.path, shouldStop: { Task.isCancelled })
  }

  /// The chunks that the disk does not have as they came.
  private func damaged(_ digests: ChunkDigests) throws -> Set<Int> {
    let reader = RangeHash(download.partial.data)
    var bad: Set<Int> = []
    for chunk in 0..<arrival.plan.chunkCount {
      try Task.checkCancellation()
      let digest = try reader.digest(of: arrival.plan.bytes(of: chunk))
      if digest != digests[chunk] { bad.insert(chunk) }
    }
    return bad
  }

  /// The content's name in git.
  private func gitName() throws -> String {
    var hash = Insecure.SHA1()
    hash.update(data: Data("blob \(arrival.plan.size)\0".utf8))
    guard let file = FileHandle(forReadingAtPath: download.partial.data.path) else {
      throw HubError.noSuchFile(path: download.partial.data.path)
    }
    defer { try? file.close() }
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
    return SHA256Digest.hex(of: hash.finalize())
  }

  private func tell(_ phase: FetchProgress.Phase) {
    download.progress(FetchProgress(phase: phase, completed: arrival.plan.size, total: arrival.plan.size))
  }
}
