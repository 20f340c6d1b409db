public import MinkeTensors

/// How a whole model is quantised, by the names that users of GGUF know: most tensors in one element type, some in
/// another. ``TensorMixture`` decides which.
// swift-format-ignore: AlwaysUseLowerCamelCase
public enum FileType: String, Sendable, CaseIterable {
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case q8_0 = "Q8_0"
  case q6_K = "Q6_K"
  case q5_K_M = "Q5_K_M"
  case q5_1 = "Q5_1"
  case q5_0 = "Q5_0"
  case q4_K_M = "Q4_K_M"
  case q4_K_S = "Q4_K_S"
  case q4_1 = "Q4_1"
  case q4_0 = "Q4_0"
  case iq4_nl = "IQ4_NL"
  case iq4_xs = "IQ4_XS"
  case q3_K_M = "Q3_K_M"
  case q2_K = "Q2_K"

  /// The type of a name in any case.
  public init?(named name: String) {
    self.init(rawValue: name.uppercased())
  }

  /// The value of `general.file_type`, which GGML numbers.
  public var number: UInt32 {
    switch self {
    case .f32: 0
    case .f16: 1
    case .q4_0: 2
    case .q4_1: 3
    case .q8_0: 7
    case .q5_0: 8
    case .q5_1: 9
    case .q2_K: 10
    case .q3_K_M: 12
    case .q4_K_S: 14
    case .q4_K_M: 15
    case .q5_K_M: 17
    case .q6_K: 18
    case .iq4_nl: 25
    case .iq4_xs: 30
    case .bf16: 32
    }
  }

  /// The element type of most tensors.
  public var elementType: ElementType {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    case .q8_0: .q8_0
    case .q6_K: .q6_K
    case .q5_K_M: .q5_K
    case .q5_1: .q5_1
    case .q5_0: .q5_0
    case .q4_K_M, .q4_K_S: .q4_K
    case .q4_1: .q4_1
    case .q4_0: .q4_0
    case .iq4_nl: .iq4_nl
    case .iq4_xs: .iq4_xs
    case .q3_K_M: .q3_K
    case .q2_K: .q2_K
    }
  }
}

extension ElementType {
  /// The type of a name such as "q6_K", in any case.
  public init?(named name: String) {
    guard let type = Self.allCases.first(where: { $0.description == name.uppercased() }) else { return nil }
    self = type
  }

  /// Whether elements are quantised in blocks rather than floats of their own.
  public var isQuantized: Bool { blockSize > 1 }
}
