/// A number that is not negative, with so many digits behind the point; `-` for one that cannot be written so.
package func decimalText(_ value: Double, _ places: Int) -> String {
  let scale = (0..<places).reduce(1.0) { product, _ in product * 10 }
  guard value.isFinite, (0..<1e12).contains(value) else { return "-" }
  let text = "\(Int((value * scale).rounded()))"
  guard places > 0 else { return text }
  let padded = String(repeating: "0", count: max(places + 1 - text.count, 0)) + text
  return padded.dropLast(places) + "." + padded.suffix(places)
}
