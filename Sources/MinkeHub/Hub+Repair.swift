internal import Foundation

extension Hub {
  /// Fetches the wrong stretches of a model's file again, from where it came.
  ///
  /// - Returns: how many stretches were mended.
  /// - Throws: ``HubError/irreparable(file:reason:)`` when it is not known which stretches are wrong or where they came from,
  ///   or when the source does not have them any more.
  package func repair(
    _ found: VerifiedFile, of manifest: Manifest, progress: @escaping Progress = { _ in }
  ) async throws(HubError) -> Int {
    let file = found.file
    func fail(_ reason: String) -> HubError { .irreparable(file: file.name, reason: reason) }
    guard case .damaged(let ranges?) = found.state, let kept = store.chunks(of: file) else {
      throw fail("it is not known which part of it is wrong")
    }
    guard let origin = manifest.origin else { throw fail("it is not known where it came from") }
    let (address, hub) = try place(of: file, origin)
    let lock = try await store.lockForAdding()
    defer { _ = lock }
    let store = store
    do {
      return try await HTTPTransport.with(transportOptions(endpoint: hub?.endpoint ?? Self.meant(address))) {
        transport throws(HubError) in
        var mended = 0
        for range in ranges {
          let bytes = try await stretch(range, of: file, at: address, hub, origin.repository, over: transport)
          guard SHA256Digest(of: bytes) == kept.digests[range.lowerBound / kept.digests.plan.chunkSize] else {
            throw .irreparable(file: file.name, reason: "its source has other bytes there now")
          }
          try store.mend(file, at: range.lowerBound, with: bytes)
          mended += 1
          progress(FetchProgress(phase: .repairing, completed: mended, total: ranges.count))
        }
        return mended
      }
    } catch .cancelled {
      throw .paused
    }
  }

  private func place(
    of file: Manifest.File, _ origin: Manifest.Origin
  ) throws(HubError) -> (WebAddress, (any RepositoryHub)?) {
    switch origin.kind {
    case .packageIndex:
      throw .irreparable(file: file.name, reason: "a package is fetched whole")
    case .address:
      guard let address = origin.address else {
        throw .irreparable(
          file: file.name, reason: "its address had a part that is not kept: the address is needed again")
      }
      return (try WebAddress(address), nil)
    case .repository:
      let parts = (origin.repository ?? "").split(separator: "/").map(String.init)
      guard parts.count == 2, let host = origin.hub.flatMap(RemoteReference.Host.init(rawValue:)),
        let path = FileName.components(of: file.path ?? file.name)
      else { throw .irreparable(file: file.name, reason: "it is not known where it came from") }
      let hub = try repositoryHub(host)
      let name = try RepositoryName(owner: parts[0], name: parts[1])
      return (hub.address(of: path, in: name, revision: origin.revision ?? host.defaultRevision), hub)
    }
  }

  /// One stretch of a file, a megabyte or a few.
  private func stretch(
    _ range: Range<Int>, of file: Manifest.File, at address: WebAddress, _ hub: (any RepositoryHub)?,
    _ repository: String?,
    over transport: HTTPTransport
  ) async throws(HubError) -> [UInt8] {
    try await network.download.retry.repeating { () async throws(FailedRequest) in
      let reply = try await transport.attempt(address, credential: hub?.credential, range: range)
      if reply.status == 206, reply.header("content-range").flatMap(ContentRange.init)?.bytes == range {
        let data: Data
        do throws(HubError) {
          data = try await reply.collect(limit: range.count, patience: network.patience)
        } catch {
          throw FailedRequest(error)
        }
        if data.count == range.count { return Array(data) }
        throw FailedRequest(.transfer(.broken(host: address.host, detail: "the answer ended too early")))
      }
      guard reply.status != 200 else {
        throw FailedRequest(
          .irreparable(file: file.name, reason: "its source gives no parts of files"))
      }
      let reader: any FailureReader = if let hub { hub } else { PlainServer() }
      throw FailedRequest(
        .transfer(reader.failure(reply, file: file.name, repository: repository)), asked: reply.retryAfter)
    }
  }
}
