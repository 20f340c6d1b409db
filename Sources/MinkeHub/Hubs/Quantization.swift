/// How the weights of a GGUF file are stored, as its name says: `Q4_K_M`.
package struct Quantization: Hashable, Sendable {
  /// In capitals.
  package let name: String

  /// What this version reads and people use, the best liked first: small loss for the size, then nearest above, then below.
  private static let preferred = [
    "Q4_K_M", "Q5_K_M", "Q4_K_S", "Q4_0", "Q4_1", "IQ4_NL", "IQ4_XS", "MXFP4", "MXFP4_MOE", "Q5_K_S", "Q5_1",
    "Q5_0", "Q6_K",
    "Q8_0",
    "Q4_K_L", "Q5_K_L", "Q6_K_L", "Q4_K_XL", "Q5_K_XL", "Q6_K_XL", "Q8_K_XL", "Q4_K", "Q5_K", "Q3_K_L",
    "Q3_K_M",
    "Q3_K_S", "Q3_K", "Q3_K_XL", "IQ3_M", "IQ3_S", "IQ3_XS", "IQ3_XXS", "Q2_K_L", "Q2_K_XL", "Q2_K",
    "Q2_K_S", "IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "TQ2_0", "IQ1_M", "TQ1_0", "IQ1_S", "BF16", "F16", "F32",
  ]

  /// Reads a tag: `q4_k_m`, `Q4_K_M`, `UD-Q4_K_XL`. Nil for what names no quantisation.
  package init?(_ text: some StringProtocol) {
    let upper = text.uppercased()
    let stem = upper.hasPrefix("UD-") ? String(upper.dropFirst(3)) : upper
    guard Self.isName(stem) else { return nil }
    name = upper == "FP16" ? "F16" : upper
  }

  /// The one that a file's name states: the last of its parts that is one, as in `model-Q4_K_M-00001-of-00002.gguf`.
  package init?(fileName: String) {
    let stem = fileName.lowercased().hasSuffix(".gguf") ? String(fileName.dropLast(5)) : fileName
    let parts = stem.split { $0 == "-" || $0 == "." }
    for (index, part) in parts.enumerated().reversed() {
      guard let found = Quantization(part) else { continue }
      let isDynamic = index > 0 && parts[index - 1].uppercased() == "UD"
      self = isDynamic ? Quantization(name: "UD-" + found.name) : found
      return
    }
    return nil
  }

  private init(name: String) { self.name = name }

  /// Whether this version reads all types that such files hold.
  package var isReadable: Bool { rank < Self.preferred.count }

  /// The place among what is preferred; more for the unknown.
  package var rank: Int {
    let plain = name.hasPrefix("UD-") ? String(name.dropFirst(3)) : name
    return Self.preferred.firstIndex(of: plain) ?? Self.preferred.count
  }

  private static func isName(_ text: String) -> Bool {
    if ["F16", "FP16", "BF16", "F32", "MXFP4", "MXFP4_MOE"].contains(text) { return true }
    for prefix in ["IQ", "TQ", "Q"] where text.hasPrefix(prefix) {
      let rest = text.dropFirst(prefix.count)
      guard let digit = rest.first, ("1"..."8").contains(digit), rest.count <= 8 else { return false }
      let tail = rest.dropFirst()
      return tail.isEmpty
        ? prefix != "Q"
        : tail.first == "_" && tail.allSatisfy { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
    }
    return false
  }
}

extension Quantization: CustomStringConvertible {
  package var description: String { name }
}
