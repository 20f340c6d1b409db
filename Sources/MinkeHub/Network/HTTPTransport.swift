package import AsyncHTTPClient
internal import Foundation
internal import NIOCore
package import NIOHTTP1

/// GET requests over checked connections: the one place where this module opens a connection.
///
/// Before each connection it asks ``NetworkAccess``, checks the address by ``AccessPolicy``, resolves the host itself,
/// checks every address found, and connects to the one that was checked. Redirects are followed hop by hop through the
/// same checks; a token goes to its own origin alone.
package actor HTTPTransport {
  /// What is configured from outside.
  package struct Options: Sendable {
    package var access: NetworkAccess
    package var policy: AccessPolicy
    package var resolver: any HostResolver
    /// How long no byte may arrive.
    package var patience: Duration
    /// What may name a proxy: see ``ProxySetting``.
    package var environment: [String: String]

    package init(
      access: NetworkAccess = .allowed, policy: AccessPolicy = AccessPolicy(),
      resolver: any HostResolver = SystemResolver(), patience: Duration = .seconds(30),
      environment: [String: String] = [:]
    ) {
      (self.access, self.policy, self.resolver, self.patience) = (access, policy, resolver, patience)
      self.environment = environment
    }
  }

  /// A token and the endpoint that it is for.
  package struct Credential: Sendable {
    package var endpoint: WebAddress
    package var token: String

    package init?(endpoint: WebAddress, token: String?) {
      // A header must hold nothing but visible ASCII.
      guard let token, !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
      (self.endpoint, self.token) = (endpoint, token)
    }
  }

  /// The answer of the last hop.
  package struct Reply: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: HTTPClientResponse.Body
    /// Where it came from at last.
    package var address: WebAddress
    /// Headers of all hops by lower-case name, the first of each name: what a hub says before it redirects to a store.
    package var passed: [String: String]
  }

  package nonisolated let options: Options
  private var clients: [String: HTTPClient] = [:]
  /// The checked addresses of each origin that are left to try, the one in use first.
  private var targets: [String: [String]] = [:]
  /// Clients of addresses that did not answer; other requests may still use them.
  private var retired: [HTTPClient] = []

  private init(_ options: Options) {
    self.options = options
  }

  /// Does some work with a transport, whose connections are closed afterwards.
  package static func with<Result: Sendable>(
    _ options: Options, _ work: (HTTPTransport) async throws(HubError) -> Result
  ) async throws(HubError) -> Result {
    let transport = HTTPTransport(options)
    do {
      let result = try await work(transport)
      await transport.shutDown()
      return result
    } catch {
      await transport.shutDown()
      throw error
    }
  }

  private func shutDown() async {
    for client in clients.values + retired { try? await client.shutdown() }
    (clients, retired) = ([:], [])
  }

  /// Sends one GET and follows its redirects.
  ///
  /// - Parameter range: the bytes wanted; nil for all.
  package func get(
    _ address: WebAddress, credential: Credential? = nil, range: Range<Int>? = nil
  ) async throws(HubError) -> Reply {
    var trail = RedirectTrail(address)
    var current = address
    var passed: [String: String] = [:]
    while true {
      let response = try await send(to: current, credential, range)
      for (name, value) in response.headers where passed[name.lowercased()] == nil {
        passed[name.lowercased()] = value
      }
      let status = Int(response.status.code)
      guard [301, 302, 303, 307, 308].contains(status) else {
        return Reply(
          status: status, headers: response.headers, body: response.body, address: current, passed: passed)
      }
      current = try trail.follow(response.headers.first(name: "location"))
    }
  }

  /// Sends one GET to one address.
  private func send(
    to address: WebAddress, _ credential: Credential?, _ range: Range<Int>?
  ) async throws(HubError) -> HTTPClientResponse {
    try options.access.check(for: address.host)
    try options.policy.check(address)
    var request = HTTPClientRequest(url: address.text)
    request.headers.add(name: "user-agent", value: "minke/0.1")
    // Bytes as they are: lengths and ranges then mean what they say.
    request.headers.add(name: "accept-encoding", value: "identity")
    if let range, !range.isEmpty {
      request.headers.add(name: "range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
    }
    if let credential, AccessPolicy.mayCarryToken(of: credential.endpoint, to: address) {
      request.headers.add(name: "authorization", value: "Bearer " + credential.token)
    }
    var tries = 0
    while true {
      let client = try await client(for: address)
      do {
        return try await client.execute(request, deadline: .distantFuture)
      } catch {
        let failure = Self.failure(error, host: address.host, patience: options.patience)
        tries += 1
        guard case .transfer(.unreachable) = failure, tries < 8, goOn(address.origin, from: client) else {
          throw failure
        }
      }
    }
  }

  /// Leaves an address that does not answer for the origin's next one.
  ///
  /// - Returns: whether there is one.
  private func goOn(_ origin: String, from client: HTTPClient) -> Bool {
    // Another task was here before.
    guard clients[origin] === client else { return true }
    clients[origin] = nil
    retired.append(client)
    targets[origin]?.removeFirst()
    if targets[origin]?.isEmpty == false { return true }
    // The next request asks for the addresses anew.
    targets[origin] = nil
    return false
  }

  /// The client whose connections lead to a checked address of this origin.
  private func client(for address: WebAddress) async throws(HubError) -> HTTPClient {
    if let client = clients[address.origin] { return client }
    let proxy = try ProxySetting.proxy(for: address, environment: options.environment)
    if targets[address.origin] == nil {
      let found = try await checked(address, proxy)
      // Another task may have been faster.
      if targets[address.origin] == nil { targets[address.origin] = found }
      if let client = clients[address.origin] { return client }
    }
    guard let connection = targets[address.origin]?.first else {
      throw .transfer(.unreachable(host: address.host, detail: "no address"))
    }
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    if let proxy {
      let login = proxy.user.map {
        HTTPClient.Authorization.basic(username: $0, password: proxy.password ?? "")
      }
      configuration.proxy = .server(
        host: proxy.address.host, port: proxy.address.port, authorization: login)
    } else {
      configuration.dnsOverride = [address.host: connection]
    }
    configuration.httpVersion = .http1Only
    configuration.decompression = .disabled
    configuration.timeout = .init(connect: .seconds(15), read: .nanoseconds(options.patience.nanoseconds))
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 32
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.http1_1ConnectionDebugInitializer = { channel in
      // Large reads: fewer hand-overs between threads a byte.
      channel.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1 << 18))
    }
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    clients[address.origin] = client
    return client
  }

  /// The IP addresses to connect to, checked; with a proxy, which finds it itself, a private one is refused as far as it shows.
  private func checked(_ address: WebAddress, _ proxy: ProxySetting?) async throws(HubError) -> [String] {
    if proxy != nil {
      if let literal = IPAddress(address.host) { _ = try options.policy.choose([literal], for: address) }
      return [address.host]
    }
    let found = try await options.resolver.addresses(of: address.host)
    // All are allowed, or none is.
    _ = try options.policy.choose(found, for: address)
    return found.map(\.description)
  }

  /// What an error of the client means.
  package static func failure(_ error: any Error, host: String, patience: Duration) -> HubError {
    if error is CancellationError || Task.isCancelled { return .cancelled }
    if let error = error as? HubError { return error }
    if let error = error as? HTTPClientError {
      switch error {
      case .cancelled: return .cancelled
      case .readTimeout: return .transfer(.stalled(host: host, seconds: Int(patience.components.seconds)))
      case .connectTimeout: return .transfer(.unreachable(host: host, detail: "connecting took too long"))
      case .remoteConnectionClosed: return .transfer(.broken(host: host, detail: "the connection broke"))
      default: return .transfer(.broken(host: host, detail: error.shortDescription))
      }
    }
    let text = "\(error)"
    if text.contains("CERTIFICATE_VERIFY_FAILED") || text.contains("certificate") {
      return .transfer(.refusedCertificate(host: host))
    }
    if "\(type(of: error))".contains("ConnectionError") || text.contains("Connection refused") {
      return .transfer(.unreachable(host: host, detail: "the connection was refused"))
    }
    if text.contains("unreachable") {
      return .transfer(.unreachable(host: host, detail: "the network is unreachable"))
    }
    if let error = error as? IOError { return .transfer(.broken(host: host, detail: error.description)) }
    return .transfer(.broken(host: host, detail: String(text.prefix(200))))
  }
}

extension HTTPTransport.Reply {
  /// The first value of a header of the last hop.
  func header(_ name: String) -> String? { headers.first(name: name) }

  /// What `Retry-After` asks.
  var retryAfter: Duration? {
    header("retry-after").flatMap {
      RetryPolicy.delay(retryAfter: $0, now: Int(Date().timeIntervalSince1970))
    }
  }

  /// The whole body, at most `limit` bytes of it.
  ///
  /// - Throws: ``TransferError/badAnswer(host:detail:)`` for a longer one, before more is read.
  func collect(limit: Int, patience: Duration) async throws(HubError) -> Data {
    var data = Data()
    do {
      for try await piece in body {
        guard data.count + piece.readableBytes <= limit else {
          throw HubError.transfer(
            .badAnswer(host: address.host, detail: "more than \(byteText(limit)) where a list belongs"))
        }
        data.append(contentsOf: piece.readableBytesView)
      }
    } catch {
      throw HTTPTransport.failure(error, host: address.host, patience: patience)
    }
    return data
  }
}

extension Duration {
  /// The nearest whole nanosecond, clamped.
  var nanoseconds: Int64 {
    let (seconds, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : seconds + components.attoseconds / 1_000_000_000
  }
}
