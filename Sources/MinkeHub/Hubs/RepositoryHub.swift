internal import Foundation

/// Reads what a server's refusal means.
protocol FailureReader: Sendable {
  /// The error for an answer other than the one wanted.
  ///
  /// - Parameter what: the file or repository that was asked for.
  func failure(_ reply: HTTPTransport.Reply, what: String) -> TransferError
}

extension FailureReader {
  /// The error for a file; terms are accepted for its repository.
  func failure(_ reply: HTTPTransport.Reply, file: String, repository: String?) -> TransferError {
    let error = failure(reply, what: file)
    if case .gated = error, let repository { return failure(reply, what: repository) }
    return error
  }
}

/// A place that keeps models in repositories.
protocol RepositoryHub: FailureReader {
  var host: RemoteReference.Host { get }
  /// Where requests go.
  var endpoint: WebAddress { get }
  var credential: HTTPTransport.Credential? { get }

  /// Where the list of a repository's files begins.
  func listing(of repository: RepositoryName, revision: String) -> WebAddress
  /// The files of one page of the list; what has a name that no file should have here is left out.
  func files(decoding data: Data) throws(HubError) -> [ListedFile]
  /// Where a file is.
  func address(of path: [String], in repository: RepositoryName, revision: String) -> WebAddress
}

/// `owner/name` at a hub, which becomes part of addresses.
package struct RepositoryName: Hashable, Sendable {
  package let owner: String
  package let name: String

  /// Letters, digits, `.`, `_` and `-`, 96 of them at most, as the hubs have it.
  package init(owner: String, name: String) throws(HubError) {
    for part in [owner, name] {
      guard FileName.isPlain(part), part.utf8.count <= 96,
        part.utf8.allSatisfy({ byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
          default: false
          }
        })
      else {
        throw .invalidName(
          found: "\(owner)/\(name)", reason: "expected owner/name of letters, digits, '.', '_' and '-'")
      }
    }
    (self.owner, self.name) = (owner, name)
  }

  package var text: String { owner + "/" + name }
}

/// A file as a hub lists it; nothing in it is believed yet but what it was checked for.
package struct ListedFile: Equatable, Sendable {
  /// The parts of its path, each a plain name.
  package var path: [String]
  /// Bytes, from 0 to 1 PB.
  package var size: Int
  package var claim: RemoteFile.Claim

  package init(path: [String], size: Int, claim: RemoteFile.Claim) {
    (self.path, self.size, self.claim) = (path, size, claim)
  }

  package var name: String { path[path.count - 1] }
}

extension RepositoryHub {
  /// Reads a page of the list.
  func decoded<Page: Decodable>(_ type: Page.Type, from data: Data) throws(HubError) -> Page {
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw badAnswer("a list of files that is not JSON as the hub writes it")
    }
  }

  /// A size that the list states, checked.
  func checked(size: Int?, of path: String) throws(HubError) -> Int {
    guard let size = RangePlan.checked(size: size) else {
      throw badAnswer("a size for \(quoted(path)) that no file has")
    }
    return size
  }

  func badAnswer(_ detail: String) -> HubError {
    .transfer(.badAnswer(host: endpoint.host, detail: detail))
  }

  private static var pageLimit: Int { 16 << 20 }
  private static var fileLimit: Int { 50_000 }
  private static var pageCount: Int { 100 }

  /// Every file of a repository, page after page.
  func list(
    _ repository: RepositoryName, revision: String, over transport: HTTPTransport, retry: RetryPolicy
  ) async throws(HubError) -> [ListedFile] {
    var files: [ListedFile] = []
    var next: WebAddress? = listing(of: repository, revision: revision)
    var seen: Set<WebAddress> = []
    while let page = next {
      guard seen.insert(page).inserted, seen.count <= Self.pageCount, files.count <= Self.fileLimit else {
        throw .transfer(.badAnswer(host: page.host, detail: "a list of files without an end"))
      }
      let reply = try await answer(page, repository, over: transport, retry: retry)
      files += try self.files(
        decoding: await reply.collect(limit: Self.pageLimit, patience: transport.options.patience))
      next = try reply.header("link").flatMap(Self.nextPage).map { link throws(HubError) in
        let address = try page.resolving(link)
        // A page elsewhere would be another hub's.
        guard address.origin == page.origin else {
          throw .transfer(.badAnswer(host: page.host, detail: "a list that goes on at \(address.host)"))
        }
        return address
      }
    }
    guard files.count <= Self.fileLimit else {
      throw badAnswer("more than \(Self.fileLimit) files")
    }
    return files
  }

  private func answer(
    _ page: WebAddress, _ repository: RepositoryName, over transport: HTTPTransport, retry: RetryPolicy
  ) async throws(HubError) -> HTTPTransport.Reply {
    try await retry.repeating { () async throws(FailedRequest) in
      let reply = try await transport.attempt(page, credential: credential)
      if reply.status == 200 { return reply }
      throw FailedRequest(.transfer(failure(reply, what: repository.text)), asked: reply.retryAfter)
    }
  }

  /// The address of `<…>; rel="next"` in a `Link` header (RFC 8288).
  static func nextPage(_ link: String) -> String? {
    for part in link.split(separator: ",") where part.contains("rel=\"next\"") {
      guard let open = part.firstIndex(of: "<"), let close = part[open...].firstIndex(of: ">") else {
        continue
      }
      return String(part[part.index(after: open)..<close])
    }
    return nil
  }
}
