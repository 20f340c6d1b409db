internal import AsyncHTTPClient
internal import Crypto
internal import NIOCore

/// The bytes of one file coming in over several connections.
struct Arrival: Sendable {
  let download: Download
  let location: FileLocation
  let offer: FileOffer
  let plan: RangePlan

  private var options: DownloadOptions { download.options }

  /// Fetches the chunks whose digests are not known, or those asked for.
  ///
  /// - Parameters:
  ///   - digests: of what is there; complete afterwards.
  ///   - wanted: chunks to fetch whether they are there or not.
  /// - Returns: the SHA-256 of the whole file as it was written; nil with `wanted`, where it has to be read anew.
  func fetch(_ digests: inout ChunkDigests, wanted: Set<Int>? = nil) async throws -> SHA256Digest? {
    let known = digests
    let isSingle = !offer.acceptsRanges
    let isMissing: (Int) -> Bool = { chunk in wanted?.contains(chunk) ?? !known.contains(chunk) }
    let limit = isSingle ? plan.chunkCount : plan.runLength(connections: options.connections)
    var runs = plan.runs(limit: limit, isMissing: isMissing)
    if isSingle, !runs.isEmpty { runs = [0..<plan.chunkCount] }
    let state = ArrivalState(
      digests: known, runs: runs, partial: download.partial, progress: download.progress)
    let connections = min(max(runs.count, 1), isSingle ? 1 : options.connections)
    let follows = wanted == nil
    let whole = try await withThrowingTaskGroup(of: SHA256Digest?.self) { group in
      if follows { group.addTask { try await follow(state) } }
      for _ in 0..<connections {
        group.addTask {
          try await work(state)
          return nil
        }
      }
      var whole: SHA256Digest?
      var running = connections + (follows ? 1 : 0)
      do {
        while let result = try await group.next() {
          if let result { whole = result }
          running -= 1
          // The one that follows ends when it is told that nothing more comes.
          if running == (follows ? 1 : 0) { await state.finish() }
        }
      } catch {
        await state.finish()
        group.cancelAll()
        throw error
      }
      return whole
    }
    digests = await state.digests
    return whole
  }

  /// Hashes the file from its beginning as it arrives.
  private func follow(_ state: ArrivalState) async throws -> SHA256Digest? {
    let reader = RangeHash(download.partial.data)
    var hash = SHA256()
    var done = 0
    while done < plan.chunkCount {
      let known = await state.chunks(beyond: done)
      guard known > done else { return nil }
      // In steps, so that other tasks have their turn.
      let next = min(known, done + max((8 << 20) / plan.chunkSize, 1))
      try reader.update(&hash, with: plan.bytes(of: done..<next))
      done = next
      try Task.checkCancellation()
      await Task.yield()
    }
    return SHA256Digest(hash)
  }

  /// Fetches run after run until there is none.
  private func work(_ state: ArrivalState) async throws {
    while let run = await state.nextRun() {
      var rest = run
      var best = run.lowerBound
      var failures = 0
      while !rest.isEmpty {
        do throws(FailedRequest) {
          try await receive(&rest, state)
        } catch {
          if error.error == .cancelled { throw error.error }
          if error.isChange { throw Download.Changed() }
          if rest.lowerBound > best { (best, failures) = (rest.lowerBound, 0) }
          // Without ranges everything comes again.
          if !offer.acceptsRanges { rest = run }
          failures += 1
          try await options.retry.wait(after: failures, error)
        }
      }
    }
  }

  /// One request for a run; `rest` becomes what of it did not come.
  private func receive(_ rest: inout Range<Int>, _ state: ArrivalState) async throws(FailedRequest) {
    let host = offer.location.host
    let bytes = plan.bytes(of: rest)
    let reply = try await location.ask(offer.acceptsRanges ? bytes : nil)
    try check(reply, for: bytes)
    var receiver = ChunkReceiver(rest, plan: plan, file: download.partial.data)
    do {
      for try await piece in reply.body {
        for (chunk, digest) in try receiver.take(piece, host: host) {
          try await state.complete(chunk, digest)
          rest = chunk + 1..<rest.upperBound
        }
        await state.count(piece.readableBytes)
      }
    } catch {
      await state.count(-receiver.pending)
      throw FailedRequest(
        HTTPTransport.failure(error, host: host, patience: download.transport.options.patience))
    }
    guard receiver.isFull else {
      await state.count(-receiver.pending)
      throw FailedRequest(.transfer(.broken(host: host, detail: "the answer ended too early")))
    }
  }

  /// The answer must be of these bytes of this very file.
  private func check(_ reply: HTTPTransport.Reply, for bytes: Range<Int>) throws(FailedRequest) {
    if reply.status == 416 { throw FailedRequest.changed }
    if let tag = offer.entityTag, let found = reply.passed["x-linked-etag"] ?? ownTag(reply),
      FileOffer.opaque(found) != tag
    {
      throw FailedRequest.changed
    }
    guard offer.acceptsRanges else { return }
    guard reply.status == 206, let range = reply.header("content-range").flatMap(ContentRange.init) else {
      throw FailedRequest(
        .transfer(
          .broken(host: offer.location.host, detail: "it sent the whole file where a part was asked for")))
    }
    if range.total != plan.size { throw FailedRequest.changed }
    guard range.bytes == bytes else {
      throw FailedRequest(
        .transfer(.broken(host: offer.location.host, detail: "it sent another part than was asked for")))
    }
  }

  /// The tag of the last hop, where that is what the offer has.
  private func ownTag(_ reply: HTTPTransport.Reply) -> String? {
    // Behind a hub the last hop's tag is a store's own; what came is known by its digest.
    offer.digest == nil ? reply.header("etag") : nil
  }
}

extension FailedRequest {
  /// The file has become another.
  static let changed = FailedRequest(.transfer(.changing(file: "")))

  var isChange: Bool { error == .transfer(.changing(file: "")) }
}
