internal import Foundation

/// The Hugging Face hub, or a mirror of it (`HF_ENDPOINT`).
struct HuggingFaceHub: RepositoryHub {
  let host = RemoteReference.Host.huggingFace
  let endpoint: WebAddress
  let credential: HTTPTransport.Credential?

  /// - Parameter environment: `HF_ENDPOINT` and `HF_TOKEN`.
  init(environment: [String: String]) throws(HubError) {
    let set = environment["HF_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 }
    endpoint = try WebAddress(set ?? "https://huggingface.co")
    credential = HTTPTransport.Credential(endpoint: endpoint, token: environment["HF_TOKEN"])
  }

  func listing(of repository: RepositoryName, revision: String) -> WebAddress {
    endpoint.appending(
      ["api", "models", repository.owner, repository.name, "tree", revision], query: "recursive=true")
  }

  func address(of path: [String], in repository: RepositoryName, revision: String) -> WebAddress {
    endpoint.appending([repository.owner, repository.name, "resolve", revision] + path)
  }

  private struct Entry: Decodable {
    struct Pointer: Decodable {
      var oid: String?
      var size: Int?
    }
    var type: String
    var path: String
    var size: Int?
    var oid: String?
    var lfs: Pointer?
  }

  func files(decoding data: Data) throws(HubError) -> [ListedFile] {
    var files: [ListedFile] = []
    for entry in try decoded([Entry].self, from: data) {
      if let file = try listed(entry) { files.append(file) }
    }
    return files
  }

  private func listed(_ entry: Entry) throws(HubError) -> ListedFile? {
    guard entry.type == "file", let path = FileName.components(of: entry.path) else { return nil }
    let size = try checked(size: entry.lfs?.size ?? entry.size, of: entry.path)
    let claim: RemoteFile.Claim
    if let pointer = entry.lfs {
      guard let digest = try? SHA256Digest(hex: pointer.oid ?? "") else {
        throw badAnswer("no SHA-256 for \(quoted(entry.path))")
      }
      claim = .sha256(digest)
    } else if let oid = entry.oid, oid.utf8.count == 40 {
      claim = .gitBlob(oid)
    } else {
      claim = .nothing
    }
    return ListedFile(path: path, size: size, claim: claim)
  }

  func failure(_ reply: HTTPTransport.Reply, what: String) -> TransferError {
    HubFailure(
      status: reply.status, code: reply.header("x-error-code"), retryAfter: reply.retryAfter,
      host: reply.address.host, hasToken: credential != nil, variable: "HF_TOKEN", endpoint: endpoint.origin
    ).error(what: what)
  }
}

/// What a refusal of a hub means: a pure reading of status and `X-Error-Code`.
package struct HubFailure {
  package var status: Int
  package var code: String?
  package var retryAfter: Duration?
  package var host: String
  package var hasToken: Bool
  /// The environment variable that holds the token.
  package var variable: String
  package var endpoint: String

  package init(
    status: Int, code: String?, retryAfter: Duration? = nil, host: String, hasToken: Bool, variable: String,
    endpoint: String
  ) {
    self.status = status
    self.code = code
    self.retryAfter = retryAfter
    self.host = host
    self.hasToken = hasToken
    self.variable = variable
    self.endpoint = endpoint
  }

  package func error(what: String) -> TransferError {
    switch (status, code) {
    case (_, "GatedRepo"):
      return .gated(what: what, page: endpoint + "/" + what, hasToken: hasToken, variable: variable)
    case (_, "RepoNotFound"):
      return .missing(what: what, detail: "no such repository", hasToken: hasToken, variable: variable)
    case (_, "RevisionNotFound"):
      return .missing(what: what, detail: "no such revision", hasToken: true, variable: variable)
    case (_, "EntryNotFound"):
      return .missing(
        what: what, detail: "no such file in its repository", hasToken: true, variable: variable)
    case (401, _), (403, _):
      return .missing(
        what: what, detail: "it is not there, or not to be seen\(hasToken ? " with this token" : "")",
        hasToken: hasToken, variable: variable)
    case (404, _), (410, _):
      return .missing(
        what: what, detail: "it is not there (any more)", hasToken: hasToken, variable: variable)
    case (429, _):
      return .rateLimited(host: host, seconds: retryAfter.map { Int($0.components.seconds) })
    case _ where RetryPolicy.isTransient(status: status):
      return .broken(host: host, detail: "status \(status)")
    default:
      return .refused(what: what, status: status)
    }
  }
}
