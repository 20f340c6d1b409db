import Foundation
import MinkeHub
import Testing

@Suite struct `Addresses to fetch from` {
  @Test(arguments: [
    ("https://Example.org/a/b?c=d", "https://example.org/a/b?c=d"),
    ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
    ("https://[::1]:443/x", "https://[::1]/x"), ("https://h.org/a%20b", "https://h.org/a%20b"),
    ("https://h.org?x=1", "https://h.org/?x=1"),
  ]) func `A web address is read in one form`(text: String, expected: String) throws {
    #expect(try WebAddress(text).text == expected)
  }

  @Test(arguments: [
    "", "ftp://h.org/x", "file:///etc/passwd", "https://", "https:///x", "https://user@h.org/",
    "https://u:p@h.org/",
    "https://h.org:0/", "https://h.org:70000/", "https://h.org/a b", "https://h.org/\r\nX: y",
    "https://h\\x.org/",
    "https://h.org/" + String(repeating: "a", count: 20_000), "javascript:alert(1)",
    "//h.org/x",
    "https://h.org/\u{0}",
  ]) func `Anything else is refused`(text: String) {
    #expect(throws: HubError.self) { try WebAddress(text) }
  }

  @Test func `Parts of a path cannot leave it`() throws {
    let base = try WebAddress("https://hub.org/api/")
    #expect(base.appending(["a b", "../x", "ü?#"]).text == "https://hub.org/api/a%20b/..%2Fx/%C3%BC%3F%23")
    #expect(base.appending(["x"], query: "q=1").text == "https://hub.org/api/x?q=1")
  }

  @Test(arguments: [
    ("127.0.0.1", IPAddress.Kind.loopback), ("127.255.0.9", .loopback), ("10.0.0.1", .private),
    ("172.16.0.1", .private),
    ("172.32.0.1", .global), ("192.168.1.1", .private), ("100.64.0.1", .private),
    ("169.254.169.254", .linkLocal),
    ("0.0.0.0", .reserved), ("224.0.0.1", .reserved), ("255.255.255.255", .reserved), ("8.8.8.8", .global),
    ("::1", .loopback), ("::", .reserved), ("fe80::1", .linkLocal), ("fd00::1", .private),
    ("fc00::1", .private),
    ("2606:4700::1", .global), ("2001:db8::1", .reserved), ("::ffff:127.0.0.1", .loopback),
    ("::ffff:169.254.169.254", .linkLocal), ("64:ff9b::10.0.0.1", .private), ("2002:7f00:1::", .loopback),
    ("::7f00:1", .reserved), ("ff02::1", .reserved),
  ]) func `Each address is of its kind`(text: String, kind: IPAddress.Kind) throws {
    let address = try #require(IPAddress(text))
    #expect(address.kind == kind)
    #expect(IPAddress(address.description) == address)
  }

  @Test func `Other writings of an address are names`() {
    for text in ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "localhost", "", "1.2.3.4.5", "::g"] {
      #expect(IPAddress(text) == nil)
    }
    #expect(IPAddress(bytes: [1, 2, 3]) == nil)
  }
}

@Suite struct `Where requests may go` {
  let open = IPAddress("93.184.216.34"), inner = IPAddress("10.1.2.3")

  func address(_ text: String) throws -> WebAddress { try WebAddress(text) }

  @Test func `A name that leads into a private network is refused, whichever of its addresses does`() throws {
    let policy = AccessPolicy()
    let host = try address("https://models.example/x")
    let (open, inner) = (try #require(open), try #require(inner))
    #expect(try policy.choose([open], for: host) == open)
    for found in [[inner], [open, inner], [inner, open]] {
      #expect(
        throws: HubError.transfer(.closed(host: "models.example", address: "10.1.2.3", kind: "private"))
      ) { try policy.choose(found, for: host) }
    }
    #expect(throws: HubError.self) { try policy.choose([], for: host) }
  }

  @Test func `A person's own endpoint may be private, and only that origin`() throws {
    let mirror = try address("https://mirror.lan:8443/hub")
    let policy = AccessPolicy(endpoints: [mirror])
    let inner = try #require(inner)
    #expect(try policy.choose([inner], for: address("https://mirror.lan:8443/other")) == inner)
    for other in ["https://mirror.lan/x", "https://mirror.lan:8444/x", "https://other.lan:8443/x"] {
      #expect(throws: HubError.self) { try policy.choose([inner], for: address(other)) }
    }
    #expect(try AccessPolicy(isInsecure: true).choose([inner], for: address("https://any/x")) == inner)
  }

  @Test func `Plain http is for an endpoint on this machine, or for those who ask`() throws {
    let local = try address("http://127.0.0.1:8080/")
    #expect(throws: HubError.transfer(.plain(address: local.text))) { try AccessPolicy().check(local) }
    try AccessPolicy(endpoints: [local]).check(local)
    #expect(throws: HubError.self) {
      try AccessPolicy(endpoints: [local]).check(address("http://127.0.0.1:8081/"))
    }
    let far = try address("http://mirror.example/")
    #expect(throws: HubError.self) { try AccessPolicy(endpoints: [far]).check(far) }
    try AccessPolicy(isInsecure: true).check(far)
  }

  @Test func `A token goes to its own origin alone`() throws {
    let hub = try address("https://hub.example/api")
    for (text, expected) in [
      ("https://hub.example/other", true), ("https://cdn.example/x", false), ("http://hub.example/x", false),
      ("https://hub.example:444/x", false), ("https://hub.example.evil.org/x", false),
    ] {
      #expect(try AccessPolicy.mayCarryToken(of: hub, to: address(text)) == expected, "\(text)")
    }
    let plain = try address("http://mirror.example/")
    #expect(!AccessPolicy.mayCarryToken(of: plain, to: plain))
    let local = try address("http://localhost:1/")
    #expect(AccessPolicy.mayCarryToken(of: local, to: local))
    #expect(HTTPTransport.Credential(endpoint: hub, token: "a\r\nX: y") == nil)
    #expect(HTTPTransport.Credential(endpoint: hub, token: "") == nil)
  }

  @Test func `Redirects end`() throws {
    var trail = RedirectTrail(try address("https://a.org/0"))
    #expect(try trail.follow("1").text == "https://a.org/1")
    #expect(try trail.follow("//b.org/2").text == "https://b.org/2")
    #expect(throws: HubError.self) { try trail.follow("https://a.org/0") }
    #expect(throws: HubError.transfer(.plain(address: "http://b.org/x"))) {
      try trail.follow("http://b.org/x")
    }
    #expect(throws: HubError.self) { try trail.follow(nil) }
    #expect(throws: HubError.self) { try trail.follow("file:///etc/passwd") }
    for hop in 3...RedirectTrail.limit { _ = try trail.follow("/\(hop)") }
    #expect(throws: HubError.self) { try trail.follow("/last") }
  }

  @Test func `Offline is said in two ways`() {
    #expect(NetworkAccess(offline: false, environment: [:]).isAllowed)
    #expect(NetworkAccess(offline: false, environment: ["MINKE_OFFLINE": "0"]).isAllowed)
    #expect(NetworkAccess(offline: false, environment: ["MINKE_OFFLINE": ""]).isAllowed)
    #expect(!NetworkAccess(offline: false, environment: ["MINKE_OFFLINE": "1"]).isAllowed)
    #expect(!NetworkAccess(offline: true, environment: [:]).isAllowed)
  }
}

@Suite struct `Proxies` {
  @Test(
    arguments: [
      ("https://h.org/", ["HTTPS_PROXY": "http://p:3128"], "http://p:3128/"),
      ("https://h.org/", ["https_proxy": "p:3128"], "http://p:3128/"),
      ("http://h.org/", ["HTTP_PROXY": "http://p:1"], nil),
      ("http://h.org/", ["http_proxy": "http://p:1"], "http://p:1/"),
      ("https://h.org/", ["HTTPS_PROXY": "http://p:1", "NO_PROXY": "x.org, h.org"], nil),
      ("https://a.h.org/", ["HTTPS_PROXY": "http://p:1", "no_proxy": ".h.org"], nil),
      ("https://ah.org/", ["HTTPS_PROXY": "http://p:1", "no_proxy": "h.org"], "http://p:1/"),
      ("https://h.org/", ["HTTPS_PROXY": "http://p:1", "no_proxy": "*"], nil), ("https://h.org/", [:], nil),
      ("http://127.0.0.1:9/", ["http_proxy": "http://p:1"], nil),
      ("https://h.org/", ["HTTPS_PROXY": ""], nil),
      ("https://h.org/", ["ALL_PROXY": "http://p:1"], "http://p:1/"),
      ("https://h.org/", ["HTTPS_PROXY": "http://me:secret@p:1"], "http://p:1/"),
    ] as [(String, [String: String], String?)]) func `They are named as for other programs`(
      text: String, environment: [String: String], expected: String?
    ) throws
  {
    #expect(try ProxySetting.proxy(for: WebAddress(text), environment: environment)?.address.text == expected)
  }

  @Test(arguments: [
    "not a proxy", "socks5h://p:1", "https://p:1", "http://", "http://a:b@", "http://p:99999",
  ])
  func `One that cannot be used is an error, and not shown`(text: String) {
    #expect(throws: HubError.transfer(.badProxy(variable: "ALL_PROXY"))) {
      try ProxySetting.proxy(for: WebAddress("https://h.org/"), environment: ["ALL_PROXY": text])
    }
  }

  @Test func `A user and a password are for the proxy`() throws {
    let found = try ProxySetting.proxy(
      for: WebAddress("https://h.org/"), environment: ["https_proxy": "http://me:s%40d@p:1"])
    #expect(found?.user == "me" && found?.password == "s@d")
  }

  @Test func `A request goes to the proxy, which is not told to reach a private address`() async throws {
    let proxy = try StandInHub { _ in StandInHub.Response(status: 403) }
    let options = HTTPTransport.Options(
      policy: AccessPolicy(isInsecure: true), resolver: FixedResolver(table: [:]),
      environment: ["http_proxy": proxy.address])
    // It is asked for a way to the host, refuses, and nothing else is tried.
    await #expect(throws: HubError.self) {
      try await HTTPTransport.with(options) { transport throws(HubError) in
        try await transport.get(try WebAddress("http://nowhere.example/x")).status
      }
    }
    #expect(proxy.requests.map(\.path) == ["nowhere.example:80"])
    let closed = HTTPTransport.Options(
      resolver: FixedResolver(table: [:]), environment: ["https_proxy": proxy.address])
    await #expect(throws: HubError.self) {
      try await HTTPTransport.with(closed) { transport throws(HubError) in
        try await transport.get(try WebAddress("https://169.254.169.254/x")).status
      }
    }
    #expect(proxy.requests.count == 1)
  }
}

@Suite struct `Trying again` {
  @Test func `Pauses double up to a ceiling, and end`() {
    let policy = RetryPolicy(limit: 6, base: .seconds(1), ceiling: .seconds(5))
    #expect(
      (1...6).map { policy.pause(after: $0) } == [
        .seconds(1), .seconds(2), .seconds(4), .seconds(5), .seconds(5), nil,
      ])
    #expect(policy.pause(after: 1, jitter: 1) == .milliseconds(750))
    #expect(policy.pause(after: 1, jitter: 50) == .milliseconds(750))
  }

  @Test func `What a server asks is honoured, within limits`() {
    let policy = RetryPolicy(patience: .seconds(60))
    #expect(policy.pause(after: 1, asked: .seconds(7)) == .seconds(7))
    #expect(policy.pause(after: 1, asked: .seconds(61)) == nil)
    #expect(policy.pause(after: 1, asked: .seconds(-5)) == .zero)
    #expect(policy.pause(after: 99, asked: .seconds(1)) == nil)
  }

  @Test(
    arguments: [
      ("120", 120), (" 5 ", 5), ("0", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("-1", nil), ("soon", nil),
      ("", nil),
      ("1e9", nil), ("Sun, 99 Nov 1994 08:49:37 GMT", nil), ("99999999999999999999", nil),
      ("999999999", 1_000_000),
    ] as [(String, Int?)]) func `Retry-After is seconds or a date`(text: String, expected: Int?)
  {
    #expect(RetryPolicy.delay(retryAfter: text, now: 784_111_740) == expected.map { .seconds($0) })
  }

  @Test func `Dates are counted from 1970`() {
    #expect(HTTPDate.seconds("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
    #expect(HTTPDate.seconds("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
    #expect(HTTPDate.seconds("Tue, 29 Feb 2028 12:00:00 GMT") == 1_835_438_400)
  }

  @Test func `Only what may pass is tried again`() {
    for status in [408, 429, 500, 502, 503, 504] { #expect(RetryPolicy.isTransient(status: status)) }
    for status in [200, 206, 400, 401, 403, 404, 416, 501] {
      #expect(!RetryPolicy.isTransient(status: status))
    }
  }
}

@Suite struct `What servers say` {
  let place = "https://cdn.org/x"

  func offer(_ status: Int, _ passed: [String: String], _ last: [String: String]) throws -> FileOffer {
    try FileOffer(status: status, passed: passed, last: last, location: WebAddress(place))
  }

  @Test func `An offer says size, tag, digest and commit`() throws {
    let digest = String(repeating: "ab", count: 32)
    let found = try offer(
      206,
      [
        "x-linked-etag": "\"\(digest)\"", "x-linked-size": "10",
        "x-repo-commit": String(repeating: "0f", count: 20),
      ],
      ["content-range": "bytes 0-0/10", "etag": "\"cdn\""])
    #expect(found.size == 10 && found.acceptsRanges && found.entityTag == digest)
    #expect(found.digest?.hex == digest && found.commit?.count == 40)
    let plain = try offer(200, [:], ["content-length": "7", "etag": "W/\"v1\""])
    #expect(plain.size == 7 && !plain.acceptsRanges && plain.entityTag == "v1" && plain.digest == nil)
  }

  @Test(
    arguments: [
      (200, [:], [:]), (200, [:], ["content-length": "-1"]),
      (200, [:], ["content-length": "99999999999999999999"]),
      (200, [:], ["content-length": "1125899906842625"]), (206, [:], ["content-length": "5"]),
      (206, [:], ["content-range": "bytes 1-1/10"]), (206, [:], ["content-range": "bytes 0-0/*"]),
      (206, ["x-linked-size": "11"], ["content-range": "bytes 0-0/10"]),
      (206, [:], ["content-range": "bytes 0-9/5"]),
    ] as [(Int, [String: String], [String: String])]) func `One without a believable size is refused`(
      status: Int, passed: [String: String], last: [String: String]
    )
  {
    #expect(throws: HubError.self) { try offer(status, passed, last) }
  }

  @Test(
    arguments: [
      (401, "GatedRepo", "accepted its terms"), (403, "GatedRepo", "set HF_TOKEN"),
      (401, "RepoNotFound", "no such repository"),
      (404, "EntryNotFound", "no such file"), (404, nil, "not there"), (401, nil, "set HF_TOKEN"),
      (429, nil, "come back in 9 s"),
      (503, nil, "status 503"), (418, nil, "status 418"),
    ] as [(Int, String?, String)]) func `A refusal becomes one clear line`(
      status: Int, code: String?, expected: String
    )
  {
    let error = HubFailure(
      status: status, code: code, retryAfter: .seconds(9), host: "hub", hasToken: false, variable: "HF_TOKEN",
      endpoint: "https://hub"
    ).error(what: "o/r\u{1B}[31m")
    #expect(error.description.contains(expected))
    #expect(!error.description.contains("\u{1B}"))
  }
}
