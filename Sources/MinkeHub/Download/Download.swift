internal import Crypto
internal import Foundation

/// How files are fetched.
package struct DownloadOptions: Sendable {
  /// Requests at once for one file.
  package var connections = 4
  package var retry = RetryPolicy()
  /// Bytes a chunk; nil as ``RangePlan`` chooses.
  package var chunkSize: Int?
  /// How often a file that is whole but wrong is read from its source, the first time counted.
  package var readings = 3

  package init() {}
}

/// The fetch of one file: probe, arrive, verify, and repair what is wrong.
///
/// The file is cut into chunks (``RangePlan``), which come over several connections at once and are digested and noted
/// (``ChunkJournal``) as they are written. When the whole has another SHA-256 than its source states, the chunks on the
/// disk are compared with the journal and those that differ are fetched again; if none does, the chunks are read from the
/// source once more, and those that come otherwise than before replace what was there.
struct Download: Sendable {
  let file: RemoteFile
  let transport: HTTPTransport
  let credential: HTTPTransport.Credential?
  let failures: any FailureReader
  /// The repository that the file is in, for what a hub says of it.
  var repository: String?
  let options: DownloadOptions
  let partial: PartialFile
  let progress: @Sendable (FetchProgress) -> Void

  /// What came.
  struct Result: Sendable {
    var size: Int
    var digest: SHA256Digest
    var chunks: ChunkJournal
    var commit: String?
  }

  /// Signals inside this file that what is fetched has become another.
  struct Changed: Error {}

  func run() async throws(HubError) -> Result {
    for _ in 0..<3 {
      do {
        return try await attempt()
      } catch is Changed {
        // The next attempt finds another tag and begins anew.
        continue
      } catch let error as HubError {
        throw error
      } catch {
        throw HTTPTransport.failure(error, host: file.address.host, patience: transport.options.patience)
      }
    }
    throw .transfer(.changing(file: file.name))
  }

  private func attempt() async throws -> Result {
    if file.size == 0 { return try empty() }
    let location = FileLocation(self)
    let offer = try await location.offer()
    try check(offer)
    if offer.size == 0 { return try empty() }
    let plan = RangePlan(size: offer.size, chunkSize: options.chunkSize)
    let stated = file.digest ?? offer.digest
    let header = ChunkJournal.Header(
      source: file.address.textWithoutQuery, plan: plan,
      entityTag: offer.entityTag ?? (stated == nil ? offer.modified : nil), digest: stated)
    // Not made before there is room: its length is what a server says.
    var journal: ChunkJournal
    var isResumed = false
    let earlier = try partial.journal()
    if let earlier, earlier.header == header, isKnown(by: header) {
      journal = earlier
      try checkRoom(for: offer.size - earlier.digests.byteCount)
      isResumed = earlier.digests.count > 0
    } else {
      try checkRoom(for: max(offer.size - FileSystem.diskSize(of: partial.folder), 0))
      if let earlier, earlier.digests.count > 0 {
        progress(FetchProgress(phase: .restarting, completed: 0, total: offer.size))
      }
      journal = try partial.begin(header)
    }
    let arrival = Arrival(download: self, location: location, offer: offer, plan: plan)
    let found = try await arrival.fetch(&journal.digests)
    let digest = try await Verification(download: self, arrival: arrival, expected: header.digest)
      .run(&journal.digests, found: found, isResumed: isResumed)
    return Result(size: offer.size, digest: digest, chunks: journal, commit: offer.commit)
  }

  /// Whether anything tells that what came before is of this file; otherwise two files could become one.
  private func isKnown(by header: ChunkJournal.Header) -> Bool {
    if case .gitBlob = file.claim { return true }
    return header.digest != nil || header.entityTag != nil
  }

  /// The offer must be what the listing promised.
  private func check(_ offer: FileOffer) throws {
    if let size = file.size, size != offer.size {
      throw HubError.sizeMismatch(file: file.name, found: offer.size, expected: size)
    }
    if let stated = file.digest, let linked = offer.digest, stated != linked {
      throw HubError.transfer(.changing(file: file.name))
    }
  }

  private func checkRoom(for needed: Int) throws(HubError) {
    // A little more, for the journal and what else is written.
    try FileSystem.requireRoom(needed + (1 << 24), at: partial.folder)
  }

  private func empty() throws(HubError) -> Result {
    let header = ChunkJournal.Header(
      source: file.address.textWithoutQuery, plan: RangePlan(size: 0), entityTag: nil, digest: file.digest)
    let digest = SHA256Digest(of: [])
    if let stated = file.digest, stated != digest {
      throw .digestMismatch(file: file.name, found: digest, expected: stated)
    }
    return Result(size: 0, digest: digest, chunks: try partial.begin(header), commit: nil)
  }
}

/// Where a file's bytes are at the moment: behind redirects, whose end may be good for a while only.
actor FileLocation {
  private let download: Download
  private var current: WebAddress?

  init(_ download: Download) {
    self.download = download
  }

  /// Asks for the first byte, trying again as the policy says.
  func offer() async throws(HubError) -> FileOffer {
    try await download.options.retry.repeating { () async throws(FailedRequest) in
      let reply = try await ask(0..<1)
      var last: [String: String] = [:]
      for (name, value) in reply.headers where last[name.lowercased()] == nil {
        last[name.lowercased()] = value
      }
      let offer: FileOffer
      do throws(HubError) {
        offer = try FileOffer(
          status: reply.status, passed: reply.passed, last: last, location: reply.address,
          stated: download.file.size)
      } catch {
        throw FailedRequest(error)
      }
      current = reply.address
      return offer
    }
  }

  /// Sends a request to where the bytes were last, and to the beginning again when they are not there any more.
  func ask(_ range: Range<Int>?) async throws(FailedRequest) -> HTTPTransport.Reply {
    if let known = current, known != download.file.address {
      let reply = try await get(known, range)
      if ![401, 403, 404, 410].contains(reply.status) { return try accepted(reply) }
      current = nil
    }
    let reply = try accepted(try await get(download.file.address, range))
    current = reply.address
    return reply
  }

  private func get(_ address: WebAddress, _ range: Range<Int>?) async throws(FailedRequest)
    -> HTTPTransport.Reply
  {
    try await download.transport.attempt(address, credential: download.credential, range: range)
  }

  /// 200, 206 and 416 are for the caller to judge; anything else is an error.
  private func accepted(_ reply: HTTPTransport.Reply) throws(FailedRequest) -> HTTPTransport.Reply {
    if [200, 206, 416].contains(reply.status) { return reply }
    throw FailedRequest(
      .transfer(
        download.failures.failure(reply, file: download.file.name, repository: download.repository)),
      asked: reply.retryAfter)
  }
}
