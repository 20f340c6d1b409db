internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// From a host's name to its addresses.
package protocol HostResolver: Sendable {
  /// Every address of the host, the preferred one first.
  func addresses(of host: String) async throws(HubError) -> [IPAddress]
}

/// The system's resolver.
package struct SystemResolver: HostResolver {
  package init() {}

  package func addresses(of host: String) async throws(HubError) -> [IPAddress] {
    if let address = IPAddress(host) { return [address] }
    // It blocks, so it has a thread of its own.
    let found = await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: Self.lookUp(host)) }
    }
    switch found {
    case .success(let addresses): return addresses
    case .failure(let failure): throw .transfer(.unreachable(host: host, detail: failure.reason))
    }
  }

  private struct Failure: Error {
    var reason: String
  }

  private static func lookUp(_ host: String) -> Result<[IPAddress], Failure> {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    #if canImport(Glibc)
      unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      unsafe hints.ai_socktype = SOCK_STREAM
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    // Unsafe: the list is the call's own until it is freed below.
    let status = unsafe getaddrinfo(host, nil, &hints, &list)
    guard status == 0 else {
      let reason = unsafe String(cString: gai_strerror(status))
      return .failure(Failure(reason: "no name resolution: " + reason))
    }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [IPAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let address = unsafe address(entry.pointee), !addresses.contains(address) {
        addresses.append(address)
      }
      unsafe next = entry.pointee.ai_next
    }
    return .success(addresses)
  }

  @unsafe
  private static func address(_ entry: addrinfo) -> IPAddress? {
    guard let socket = unsafe entry.ai_addr else { return nil }
    switch unsafe entry.ai_family {
    case AF_INET:
      let value = unsafe socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        unsafe $0.pointee.sin_addr
      }
      return unsafe IPAddress(bytes: withUnsafeBytes(of: value) { unsafe Array($0) })
    case AF_INET6:
      let value = unsafe socket.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
        unsafe $0.pointee.sin6_addr
      }
      return unsafe IPAddress(bytes: withUnsafeBytes(of: value) { unsafe Array($0) })
    default:
      return nil
    }
  }
}
