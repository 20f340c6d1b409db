import MinkeTensors

/// What the element types of a cache leave of numbers, written from their definitions.
enum Rounding {
  /// Heads of `dimension` numbers after a round trip; times a factor on the way there, and divided by it on the way back.
  static func heads(
    _ values: [Float], of dimension: Int, to element: CacheElement, times factor: Float? = nil
  )
    -> [Float]
  {
    stride(from: 0, to: values.count, by: dimension).flatMap { start in
      stride(from: start, to: start + dimension, by: 32).flatMap { first in
        let block = values[first..<min(first + 32, start + dimension)]
        let scaled = factor.map { factor in block.map { $0 * factor } } ?? Array(block)
        let rounded =
          element == .bf16 ? scaled.map(bfloat) : eightBit(scaled, halvesScale: factor == nil)
        return factor.map { factor in rounded.map { $0 / factor } } ?? rounded
      }
    }
  }

  /// The nearest number whose lower 16 bits are zero, ties to even.
  private static func bfloat(_ x: Float) -> Float {
    let bits = x.bitPattern
    let below = bits & 0xFFFF_0000
    let rest = bits & 0xFFFF
    let isUp = rest > 0x8000 || rest == 0x8000 && bits & 0x10000 != 0
    return Float(bitPattern: isUp ? below + 0x10000 : below)
  }

  /// A block of q8_0: the scale, in half precision where it is stored, times integers from −127 to 127.
  private static func eightBit(_ block: [Float], halvesScale: Bool) -> [Float] {
    let largest = (block.map(abs).max() ?? 0) / 127
    let scale = halvesScale ? Float(Float16(largest)) : largest
    guard scale > 0 else { return block.map { _ in 0 } }
    let inverse = 1 / scale
    return block.map { scale * min(max(($0 * inverse).rounded(.toNearestOrEven), -127), 127) }
  }
}
