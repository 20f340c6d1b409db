package import MinkeTensors

/// Rows of floats in and out of their encodings.
package enum FloatRow {
  /// Reads a row of one of ``DerivedRows/readable``.
  static func decode(
    _ bytes: UnsafeRawBufferPointer, _ type: SafetensorsType, into floats: UnsafeMutableBufferPointer<Float>
  ) {
    if let element = type.element {
      // The bytes are one row, by construction.
      guard let base = floats.baseAddress,
        let row = try? unsafe StoredMatrix(type: element, rows: 1, columns: floats.count, bytes: bytes)
      else { return }
      return unsafe dequantizeRow(row, row: 0, into: base)
    }
    unsafe FloatFormats.e4m3.withUnsafeBufferPointer { table in
      for index in floats.indices { unsafe floats[index] = table[Int(bytes[index])] }
    }
  }

  /// Writes a row as F32, F16 or BF16, rounding to nearest even.
  package static func encode(
    _ floats: UnsafeBufferPointer<Float>, as type: ElementType, into bytes: UnsafeMutableRawBufferPointer
  ) {
    switch type {
    case .f16:
      for index in floats.indices {
        unsafe bytes.storeBytes(
          of: FloatFormats.half(floats[index]).littleEndian, toByteOffset: 2 * index, as: UInt16.self)
      }
    case .bf16:
      for index in floats.indices {
        unsafe bytes.storeBytes(
          of: FloatFormats.bfloat16(floats[index]).littleEndian, toByteOffset: 2 * index, as: UInt16.self)
      }
    default:
      precondition(type == .f32, "a float type")
      for index in floats.indices {
        unsafe bytes.storeBytes(
          of: floats[index].bitPattern.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
      }
    }
  }
}
