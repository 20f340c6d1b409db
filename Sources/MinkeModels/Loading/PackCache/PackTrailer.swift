internal import MinkeTensors

/// What stands behind the packed weights in their file.
///
///     "MINKEPCK", version of the trailer, version of the layout, bytes of weights, checksum of the weights: 8 bytes each
///     a line each: instruction set, digest of the checkpoint
///     a line for each weight: name, type, rows, columns, offset
///     zeros up to a whole page
///
/// Everything but the checksum is known before the file is read, so nothing in it is interpreted: it is as expected, or
/// the file is of no use. It is written last and lies at the end, so a file that was cut short has none.
struct PackTrailer {
  private let bytes: [UInt8]
  private static let checksumRange = 32..<40

  /// - Parameter plan: the lines of the weights.
  init(digest: String, byteCount: Int, plan: String) {
    var bytes = Array("MINKEPCK".utf8)
    for number in [1, PackedLayout.version, byteCount, 0] {
      for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
    bytes += Array("\n\(PackedLayout.instructionSet)\n\(digest)\n\(plan)".utf8)
    let page = 4096
    bytes += [UInt8](repeating: 0, count: (page - bytes.count % page) % page)
    self.bytes = bytes
  }

  var byteCount: Int { bytes.count }

  /// The trailer of weights with this checksum.
  func encoded(checksum: UInt64) -> [UInt8] {
    var result = bytes
    for (index, place) in Self.checksumRange.enumerated() {
      result[place] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt64(index)))
    }
    return result
  }

  /// The checksum that a file's trailer states; nil when anything else differs from this one.
  func checksum(statedBy found: [UInt8]) -> UInt64? {
    guard found.count == bytes.count else { return nil }
    let checksum = found[Self.checksumRange].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return encoded(checksum: checksum) == found ? checksum : nil
  }
}
