internal import Foundation

/// ModelScope, or a mirror of it (`MODELSCOPE_ENDPOINT`).
struct ModelScopeHub: RepositoryHub {
  let host = RemoteReference.Host.modelScope
  let endpoint: WebAddress
  let credential: HTTPTransport.Credential?

  /// - Parameter environment: `MODELSCOPE_ENDPOINT` and `MODELSCOPE_API_TOKEN`.
  init(environment: [String: String]) throws(HubError) {
    let set = environment["MODELSCOPE_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 }
    endpoint = try WebAddress(set ?? "https://modelscope.cn")
    credential = HTTPTransport.Credential(endpoint: endpoint, token: environment["MODELSCOPE_API_TOKEN"])
  }

  func listing(of repository: RepositoryName, revision: String) -> WebAddress {
    endpoint.appending(
      ["api", "v1", "models", repository.owner, repository.name, "repo", "files"],
      query: "Revision=\(WebAddress.encoded(revision))&Recursive=True")
  }

  func address(of path: [String], in repository: RepositoryName, revision: String) -> WebAddress {
    endpoint.appending(["models", repository.owner, repository.name, "resolve", revision] + path)
  }

  private struct Answer: Decodable {
    struct Content: Decodable {
      var files: [Entry]
      enum CodingKeys: String, CodingKey { case files = "Files" }
    }
    struct Entry: Decodable {
      var type: String
      var path: String
      var size: Int?
      var digest: String?
      enum CodingKeys: String, CodingKey {
        case type = "Type"
        case path = "Path"
        case size = "Size"
        case digest = "Sha256"
      }
    }
    var data: Content
    enum CodingKeys: String, CodingKey { case data = "Data" }
  }

  func files(decoding data: Data) throws(HubError) -> [ListedFile] {
    var files: [ListedFile] = []
    for entry in try decoded(Answer.self, from: data).data.files {
      if let file = try listed(entry) { files.append(file) }
    }
    return files
  }

  private func listed(_ entry: Answer.Entry) throws(HubError) -> ListedFile? {
    guard entry.type != "tree", let path = FileName.components(of: entry.path) else { return nil }
    let size = try checked(size: entry.size, of: entry.path)
    let digest = entry.digest.flatMap { try? SHA256Digest(hex: $0) }
    return ListedFile(path: path, size: size, claim: digest.map { .sha256($0) } ?? .nothing)
  }

  func failure(_ reply: HTTPTransport.Reply, what: String) -> TransferError {
    HubFailure(
      status: reply.status, code: nil, retryAfter: reply.retryAfter, host: reply.address.host,
      hasToken: credential != nil, variable: "MODELSCOPE_API_TOKEN", endpoint: endpoint.origin
    ).error(what: what)
  }
}

/// Any other server: its refusals mean what HTTP says.
struct PlainServer: FailureReader {
  func failure(_ reply: HTTPTransport.Reply, what: String) -> TransferError {
    let host = reply.address.host
    return switch reply.status {
    case 429: .rateLimited(host: host, seconds: reply.retryAfter.map { Int($0.components.seconds) })
    case 404, 410:
      .missing(what: what, detail: "it is not at \(host) (any more)", hasToken: true, variable: "")
    case let status where RetryPolicy.isTransient(status: status):
      .broken(host: host, detail: "status \(status)")
    case let status: .refused(what: what, status: status)
    }
  }
}
