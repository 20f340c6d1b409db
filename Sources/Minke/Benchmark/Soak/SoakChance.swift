internal import MinkeSampling

/// Draws that a seed and the number of a stream decide.
struct SoakChance {
  private let generator: Philox
  private var drawCount: UInt64 = 0

  init(seed: UInt64, stream: Int) {
    generator = Philox(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(truncatingIfNeeded: stream))
  }

  mutating func index(below count: Int) -> Int {
    defer { drawCount += 1 }
    return min(Int(generator.uniform(at: drawCount) * Double(count)), max(count - 1, 0))
  }

  mutating func number(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + index(below: range.upperBound - range.lowerBound + 1)
  }

  mutating func happens(oneIn count: Int) -> Bool { index(below: count) == 0 }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[index(below: elements.count)] }
}
