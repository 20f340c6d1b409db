/// A tensor of a file, and the scales of its 8-bit floats.
struct ScaledTensor: Sendable {
  let source: SafetensorsTensor
  let scales: SafetensorsTensor?

  init(_ source: SafetensorsTensor, scales: SafetensorsTensor?) {
    (self.source, self.scales) = (source, scales)
  }

  /// Checks its type and shape, and how its scales lie.
  func layout(_ configuration: FolderConfiguration) throws(CheckpointError) -> ScaleLayout? {
    guard 1...2 ~= source.shape.count, source.shape.allSatisfy({ $0 > 0 }) else {
      throw FolderTensors.failure(
        .malformed, source, "the shape \(source.shape)", "one or two dimensions of at least 1")
    }
    guard DerivedRows.readable.contains(source.type) else {
      throw FolderTensors.failure(
        .unsupported, source, "type \(source.type.rawValue)",
        DerivedRows.readable.map(\.rawValue).joined(separator: ", "))
    }
    guard (source.type == .float8_e4m3) == (scales != nil) else {
      throw FolderTensors.failure(
        .malformed, source, "scales and 8-bit floats without each other", "scales for 8-bit floats alone")
    }
    guard let scales else { return nil }
    return try ScaleLayout(of: scales, for: source, stated: configuration.scaleBlock)
  }

  /// The scales themselves, once it is known that the tensor's data is there.
  func readScales(_ layout: ScaleLayout?) throws(CheckpointError) -> ScaleBlocks? {
    try source.checkExtent()
    guard let scales, let layout else { return nil }
    return try layout.read(scales)
  }
}
