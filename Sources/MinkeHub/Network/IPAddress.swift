#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// An IP address as its bytes: 4 for version 4, 16 for version 6.
package struct IPAddress: Hashable, Sendable {
  package let bytes: [UInt8]

  /// What an address is for, as far as it matters to where a request may go.
  package enum Kind: String, Sendable {
    case global
    case loopback
    /// RFC 1918, RFC 4193, and the shared space of RFC 6598.
    case `private`
    case linkLocal = "link-local"
    /// Unspecified, multicast, documentation and what else no server on the Internet has.
    case reserved
  }

  package init?(bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// Reads the usual written form, and no other: `127.1` and `0x7f000001` are names here, which a resolver may know.
  package init?(_ text: String) {
    var bytes = [UInt8](repeating: 0, count: 16)
    // Unsafe: the call fills an array that outlives it, 4 or 16 bytes of it.
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] where unsafe inet_pton(family, text, &bytes) == 1 {
      self.bytes = Array(bytes.prefix(count))
      return
    }
    return nil
  }

  package var kind: Kind {
    if bytes.count == 4 { return Self.kind(ofVersion4: bytes[0], bytes[1], bytes[2]) }
    if let inner = embedded { return Self.kind(ofVersion4: inner[0], inner[1], inner[2]) }
    if bytes.dropLast().allSatisfy({ $0 == 0 }) { return bytes[15] == 1 ? .loopback : .reserved }
    switch (bytes[0], bytes[1]) {
    case (0xFE, 0x80...0xBF): return .linkLocal
    case (0xFC...0xFD, _), (0xFE, 0xC0...0xFF): return .private
    case (0x20...0x3F, _): return bytes.starts(with: [0x20, 0x01, 0x0D, 0xB8]) ? .reserved : .global
    default: return .reserved
    }
  }

  /// The version 4 address inside one of version 6: mapped, translated (RFC 6052) or tunnelled (6to4).
  private var embedded: ArraySlice<UInt8>? {
    let zeros = [UInt8](repeating: 0, count: 10)
    if bytes.starts(with: zeros + [0xFF, 0xFF]) { return ArraySlice(Array(bytes[12...])) }
    if bytes.starts(with: [0x00, 0x64, 0xFF, 0x9B]) { return ArraySlice(Array(bytes[12...])) }
    if bytes.starts(with: [0x20, 0x02]) { return ArraySlice(Array(bytes[2..<6])) }
    return nil
  }

  /// The special-purpose registry of RFC 6890.
  private static func kind(ofVersion4 first: UInt8, _ second: UInt8, _ third: UInt8) -> Kind {
    switch (first, second, third) {
    case (127, _, _): .loopback
    case (10, _, _), (172, 16...31, _), (192, 168, _), (100, 64...127, _): .private
    case (169, 254, _): .linkLocal
    case (0, _, _), (224...255, _, _), (192, 0, 0), (192, 0, 2), (198, 18...19, _), (198, 51, 100),
      (203, 0, 113):
      .reserved
    default: .global
    }
  }
}

extension IPAddress: CustomStringConvertible {
  /// The usual written form.
  package var description: String {
    if bytes.count == 4 { return bytes.map { String($0) }.joined(separator: ".") }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    // Unsafe: the call reads 16 bytes and writes at most as many as the buffer has, with a terminator.
    let isWritten = unsafe inet_ntop(AF_INET6, bytes, &text, socklen_t(text.count)) != nil
    guard isWritten else { return "?" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
