/// Conversions between the float formats of checkpoints, one element at a time.
enum FloatFormats {
  /// From here on half precision rounds to infinity.
  static let halfLimit: Float = 65_520

  /// IEEE half precision, rounded to nearest even; magnitudes from ``halfLimit`` on become infinite.
  @inline(__always)
  static func half(_ value: Float) -> UInt16 {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let bits = value.bitPattern & 0x7FFF_FFFF
    if bits > 0x7F80_0000 { return sign | 0x7E00 | UInt16(truncatingIfNeeded: bits >> 13) & 0x3FF }
    if bits >= 0x477F_F000 { return sign | 0x7C00 }
    if bits < 0x3880_0000 {
      // Subnormal: adding ½ makes the float unit round at 2^-24.
      let rounded = (Float(bitPattern: bits) + 0.5).bitPattern
      return sign | UInt16(truncatingIfNeeded: rounded &- 0x3F00_0000)
    }
    let odd = bits >> 13 & 1
    return sign | UInt16(truncatingIfNeeded: (bits &- (112 << 23) &+ 0xFFF &+ odd) >> 13)
  }

  /// The upper half of a float32, rounded to nearest even.
  @inline(__always)
  static func bfloat16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if bits & 0x7FFF_FFFF > 0x7F80_0000 { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }

  /// What each byte of the type F8_E4M3 means: sign, 4 bits of exponent with a bias of 7, 3 of fraction; all ones is NaN.
  static let e4m3: [Float] = (0..<256).map { byte in
    let magnitude = UInt32(byte & 0x7F)
    if magnitude == 0x7F { return .nan }
    let sign: Float = byte & 0x80 == 0 ? 1 : -1
    let (exponent, fraction) = (magnitude >> 3, magnitude & 7)
    // Subnormals are eighths of 2^-6; moving exponent and fraction into a float32's place rebases the exponent.
    let value =
      exponent == 0 ? Float(fraction) * 0x1p-9 : Float(bitPattern: (exponent + 120) << 23 | fraction << 20)
    return sign * value
  }
}
