import Foundation
import MinkeHub

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A hub on this machine that speaks HTTP over a real socket and misbehaves on demand: repositories as the Hugging Face hub
/// lists and redirects them, and files under plain addresses.
final class StandInHub: @unchecked Sendable {
  // Sendable by hand: all that changes is under the lock.

  struct Request: Sendable {
    var path: String
    var query: String
    /// By lower-case name.
    var headers: [String: String]
    /// How many requests for this path came before.
    var earlier: Int

    /// The bytes asked for; nil for all.
    func range(of size: Int) -> Range<Int>? {
      guard let text = headers["range"], text.hasPrefix("bytes=") else { return nil }
      let ends = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
      guard ends.count == 2, let first = Int(ends[0]), first < size else { return nil }
      return first..<min((Int(ends[1]) ?? size - 1) + 1, size)
    }
  }

  struct Response: Sendable {
    var status = 200
    var headers: [(String, String)] = []
    var body = Data()
    /// Closes the connection after so many bytes of the body.
    var cut: Int?
    /// Sends nothing more after so many bytes of the body, and keeps the connection.
    var stall: Int?
    /// Bytes a second.
    var rate: Int?

    static func redirect(_ location: String, _ headers: [(String, String)] = []) -> Response {
      Response(status: 302, headers: headers + [("Location", location)])
    }
  }

  typealias Handler = @Sendable (Request) -> Response?

  let port: UInt16
  private let listener: Int32
  private let lock = NSLock()
  private var handler: Handler?
  private var files: [String: Data] = [:]
  private var seen: [Request] = []
  private var open: Set<Int32> = []
  private var isStopped = false

  /// - Parameter handler: answers first; nil leaves the request to the repositories.
  init(_ handler: Handler? = nil) throws {
    self.handler = handler
    // Unsafe: calls of the socket interface on values that outlive them.
    #if canImport(Glibc)
      listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      listener = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { socket in
        unsafe bind(listener, socket, length) == 0 && listen(listener, 64) == 0
          && getsockname(listener, socket, &length) == 0
      }
    }
    guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in accept() }
  }

  var address: String { "http://127.0.0.1:\(port)" }
  var requests: [Request] { lock.withLock { seen } }

  /// Puts a file into a repository: `owner/name/path`.
  func add(_ path: String, _ data: Data) { lock.withLock { files[path] = data } }
  func handle(_ handler: Handler?) { lock.withLock { self.handler = handler } }

  /// Closes everything.
  func stop() {
    let descriptors = lock.withLock {
      isStopped = true
      return open
    }
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
    for descriptor in descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
  }

  #if canImport(Glibc)
    private static let withoutWaiting = Int32(MSG_DONTWAIT)
  #else
    private static let withoutWaiting = Int32(MSG_DONTWAIT)
  #endif

  // MARK: Connections

  private func accept() {
    while true {
      let connection = Self.accept(listener)
      guard connection >= 0 else { return }
      lock.withLock { _ = open.insert(connection) }
      Thread.detachNewThread { [self] in
        serve(connection)
        lock.withLock { _ = open.remove(connection) }
        close(connection)
      }
    }
  }

  private static func accept(_ listener: Int32) -> Int32 {
    #if canImport(Glibc)
      return Glibc.accept(listener, nil, nil)
    #else
      return Darwin.accept(listener, nil, nil)
    #endif
  }

  private func serve(_ connection: Int32) {
    var buffer: [UInt8] = []
    while true {
      while buffer.count < 4 || buffer.suffix(4) != [13, 10, 13, 10] {
        var byte: [UInt8] = [0]
        guard unsafe recv(connection, &byte, 1, 0) == 1, buffer.count < 1 << 16 else { return }
        buffer.append(byte[0])
      }
      let request = read(String(decoding: buffer, as: UTF8.self))
      buffer = []
      guard send(answer(request), over: connection) else { return }
    }
  }

  private func read(_ text: String) -> Request {
    let lines = text.split(separator: "\r\n")
    let target = lines.first.map { $0.split(separator: " ") }.flatMap { $0.count > 1 ? $0[1] : nil } ?? "/"
    let parts = target.split(separator: "?", maxSplits: 1)
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let field = line.split(separator: ":", maxSplits: 1)
      if field.count == 2 { headers[field[0].lowercased()] = field[1].trimmingCharacters(in: .whitespaces) }
    }
    let path = String(parts[0]).removingPercentEncoding ?? ""
    return lock.withLock {
      let request = Request(
        path: path, query: parts.count > 1 ? String(parts[1]) : "", headers: headers,
        earlier: seen.count { $0.path == path })
      seen.append(request)
      return request
    }
  }

  private func send(_ response: Response, over connection: Int32) -> Bool {
    var head = "HTTP/1.1 \(response.status) X\r\n"
    var headers = response.headers
    if !headers.contains(where: { $0.0.lowercased() == "content-length" }) {
      headers.append(("Content-Length", "\(response.body.count)"))
    }
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    guard write(Data((head + "\r\n").utf8), over: connection) else { return false }
    let end = min(response.cut ?? .max, response.stall ?? .max, response.body.count)
    var position = 0
    let step = response.rate.map { max($0 / 50, 1) } ?? 1 << 20
    while position < end {
      let next = min(position + step, end)
      guard write(response.body[position..<next], over: connection) else { return false }
      position = next
      if response.rate != nil { usleep(20_000) }
    }
    if response.stall != nil {
      while !lock.withLock({ isStopped }) {
        var byte: [UInt8] = [0]
        // The other end gave up.
        if unsafe recv(connection, &byte, 1, Self.withoutWaiting) == 0 { return false }
        usleep(10_000)
      }
    }
    return response.cut == nil && response.stall == nil
  }

  private func write(_ data: Data, over connection: Int32) -> Bool {
    let bytes = Array(data)
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Self.send(connection, UnsafeRawBufferPointer(rebasing: buffer[sent...]))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  @unsafe
  private static func send(_ connection: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      return unsafe Glibc.send(connection, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    #else
      return unsafe Darwin.send(connection, bytes.baseAddress, bytes.count, 0)
    #endif
  }

  // MARK: Repositories

  private func answer(_ request: Request) -> Response {
    let (handler, files) = lock.withLock { (self.handler, self.files) }
    if let response = handler?(request) { return response }
    let parts = request.path.split(separator: "/").map(String.init)
    if parts.count >= 6, parts[0] == "api", parts[4] == "tree" {
      return Self.listing(of: parts[2] + "/" + parts[3], files)
    }
    if parts.count >= 5, parts[2] == "resolve" {
      let name = parts[0] + "/" + parts[1] + "/" + parts[4...].joined(separator: "/")
      guard let data = files[name] else {
        return Response(status: 404, headers: [("X-Error-Code", "EntryNotFound")])
      }
      return .redirect(
        "/cdn/" + name,
        [
          ("X-Linked-Etag", "\"\(Self.digest(data))\""), ("X-Linked-Size", "\(data.count)"),
          ("X-Repo-Commit", String(repeating: "c", count: 40)),
        ])
    }
    let name = parts.dropFirst().joined(separator: "/")
    guard ["cdn", "plain"].contains(parts.first ?? ""), let data = files[name] else {
      return Response(status: 404)
    }
    return Self.part(of: data, request)
  }

  /// A file, or the part of it that is asked for, with a tag of its content.
  static func part(of data: Data, _ request: Request) -> Response {
    let tag = ("ETag", "\"\(digest(data).prefix(16))\"")
    guard let range = request.range(of: data.count) else {
      return Response(headers: [tag, ("Accept-Ranges", "bytes")], body: data)
    }
    return Response(
      status: 206,
      headers: [tag, ("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(data.count)")],
      body: data.subdata(in: range))
  }

  static func digest(_ data: Data) -> String { SHA256Digest(of: data).hex }

  private static func listing(of repository: String, _ files: [String: Data]) -> Response {
    let entries = files.filter { $0.key.hasPrefix(repository + "/") }.sorted { $0.key < $1.key }.map {
      path, data in
      let name = path.dropFirst(repository.count + 1)
      return
        #"{"type":"file","oid":"\#(String(repeating: "0", count: 40))","size":\#(data.count),"path":"\#(name)","#
        + #""lfs":{"oid":"\#(digest(data))","size":\#(data.count),"pointerSize":134}}"#
    }
    guard !entries.isEmpty else { return Response(status: 404, headers: [("X-Error-Code", "RepoNotFound")]) }
    return Response(
      headers: [("Content-Type", "application/json")],
      body: Data(("[" + entries.joined(separator: ",") + "]").utf8))
  }
}
