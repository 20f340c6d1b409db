/// The element types of the safetensors format, by the names that its headers give them.
// swift-format-ignore: AlwaysUseLowerCamelCase
enum SafetensorsType: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  /// 5 bits of exponent and 2 of fraction.
  case float8_e5m2 = "F8_E5M2"
  /// 4 bits of exponent and 3 of fraction, no infinities (arXiv:2209.05433).
  case float8_e4m3 = "F8_E4M3"
  /// A power of two alone.
  case float8_e8m0 = "F8_E8M0"
  case int16 = "I16"
  case uint16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int32 = "I32"
  case uint32 = "U32"
  case float32 = "F32"
  case int64 = "I64"
  case uint64 = "U64"
  case float64 = "F64"

  var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8, .float8_e5m2, .float8_e4m3, .float8_e8m0: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }
}

/// A tensor as a safetensors header announces it: row-major, the last dimension contiguous.
struct SafetensorsTensor: Sendable {
  let name: String
  let type: SafetensorsType
  let shape: [Int]
  let file: MappedFile
  /// Where the data lies in the file, of which it is not known yet that it is long enough.
  let byteRange: Range<Int>

  /// - Throws: when the data lies beyond the end of the file.
  func checkExtent() throws(CheckpointError) {
    guard byteRange.upperBound <= file.count else {
      throw CheckpointError(
        .truncated, path: file.path, at: .tensor(name),
        found: "data up to byte \(byteRange.upperBound), beyond the end of the file",
        expected: "at most \(file.count), the length of the file",
        remedy: "the file is incomplete: fetch it again")
    }
  }
}
