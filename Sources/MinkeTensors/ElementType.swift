/// How the elements of a stored tensor are encoded, with GGML's numbering.
///
/// A row of a block-quantised tensor is a whole number of blocks of ``blockSize`` elements.
/// Source: the GGUF specification and the `gguf` package's table of quantisation sizes.
// swift-format-ignore: AlwaysUseLowerCamelCase
public enum ElementType: UInt32, Sendable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q2_K = 10
  case q3_K = 11
  case q4_K = 12
  case q5_K = 13
  case q6_K = 14
  case iq2_xxs = 16
  case iq2_xs = 17
  case iq3_xxs = 18
  case iq1_s = 19
  case iq4_nl = 20
  case iq3_s = 21
  case iq2_s = 22
  case iq4_xs = 23
  case iq1_m = 29
  case bf16 = 30
  case tq1_0 = 34
  case tq2_0 = 35
  case mxfp4 = 39

  /// Elements a block holds.
  public var blockSize: Int {
    switch self {
    case .f32, .f16, .bf16: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .iq4_nl, .mxfp4: 32
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_xs: 256
    case .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s, .tq1_0, .tq2_0: 256
    }
  }

  /// Bytes a block takes.
  public var bytesPerBlock: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q4_0, .iq4_nl: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q8_0: 34
    case .q2_K: 84
    case .q3_K: 110
    case .q4_K: 144
    case .q5_K: 176
    case .q6_K: 210
    case .iq4_xs: 136
    case .iq1_s: 50
    case .iq1_m: 56
    case .iq2_xxs, .tq2_0: 66
    case .iq2_xs: 74
    case .iq2_s: 82
    case .iq3_xxs: 98
    case .iq3_s: 110
    case .tq1_0: 54
    case .mxfp4: 17
    }
  }

  /// Whether weights can be stored in the type here; the others are read only.
  public var isWritable: Bool {
    switch self {
    case .f32, .f16, .bf16, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_nl,
      .iq4_xs:
      true
    case .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s, .tq1_0, .tq2_0, .mxfp4: false
    }
  }

  /// Bytes a row of `columns` elements takes, or nil when `columns` is not a whole number of blocks
  /// or the size overflows.
  public func byteCount(columns: Int) -> Int? {
    guard columns >= 0, columns.isMultiple(of: blockSize) else { return nil }
    let (bytes, overflow) = (columns / blockSize).multipliedReportingOverflow(by: bytesPerBlock)
    return overflow ? nil : bytes
  }
}

extension ElementType {
  /// GGML's name of a type number, also of types that are not supported here, for messages.
  public static func name(ofRawValue rawValue: UInt32) -> String {
    names[rawValue] ?? "unknown"
  }

  /// The names of the types that weights can be stored in, for messages.
  public static var writableNames: String {
    allCases.filter(\.isWritable).map(\.description).joined(separator: ", ")
  }

  private static let names: [UInt32: String] = [
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1",
    10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS",
    17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S",
    23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M",
    30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
  ]
}

extension ElementType: CustomStringConvertible {
  public var description: String { Self.name(ofRawValue: rawValue) }
}
