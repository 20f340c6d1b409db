/// A SHA-256 digest in its one written form: 64 lower-case hexadecimal digits.
///
/// Every digest that comes from outside passes through this type, so a path made from one
/// (``Store/path(of:)``) can never lead elsewhere.
package struct SHA256Digest: Hashable, Sendable {
  /// The digits.
  package let hex: String

  /// Reads exactly 64 lower-case hexadecimal ASCII digits and nothing else.
  package init(hex: String) throws(HubError) {
    let digits = hex.utf8
    guard digits.count == 64, digits.allSatisfy(Self.isDigit) else {
      throw .invalidDigest(found: hex)
    }
    self.hex = hex
  }

  /// The digest whose 32 bytes are given.
  ///
  /// - Returns: nil when there are not 32 bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    hex = Self.hex(of: bytes)
  }

  /// Two lower-case hexadecimal digits a byte.
  static func hex(of bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let hex = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: hex, as: UTF8.self)
  }

  /// The 32 bytes.
  package var bytes: [UInt8] {
    let digits = Array(hex.utf8)
    func value(_ digit: UInt8) -> UInt8 {
      digit <= UInt8(ascii: "9") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
    }
    return stride(from: 0, to: digits.count, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}

extension SHA256Digest: CustomStringConvertible {
  package var description: String { hex }
}

extension SHA256Digest: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(hex: decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}
