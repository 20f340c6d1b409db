/// Sizes in bytes as options take them: `500M`, `4G`, powers of 1000.
package enum ByteSize {
  /// - Throws: `CommandError` for anything but a positive number, with or without K, M or G.
  package static func parse(_ text: String) throws(CommandError) -> Int {
    let factors: [Character: Int] = ["K": 1000, "M": 1_000_000, "G": 1_000_000_000]
    let factor = text.last.flatMap { factors[Character($0.uppercased())] }
    if let number = Int(factor == nil ? text[...] : text.dropLast()), number > 0 {
      let (bytes, overflow) = number.multipliedReportingOverflow(by: factor ?? 1)
      if !overflow { return bytes }
    }
    throw CommandError("found '\(text)', expected a number of bytes, or of K, M or G of them, such as 500M")
  }
}
