package import MinkeCheckpoints
package import MinkeTensors

/// What a forward pass has to multiply and to read at least, whichever kernels do it: for comparing speeds with what
/// the machine allows.
package struct PassCost: Sendable, Equatable {
  /// Matrices that rows are multiplied by.
  package struct Matrices: Sendable, Equatable {
    /// Elements, padding not counted.
    package var elements = 0.0
    /// Bytes of the packed form.
    package var bytes = 0.0
  }

  /// The matrices of all layers, by which every row is multiplied.
  package private(set) var layers = Matrices()
  /// The output matrix, by which rows with logits are multiplied.
  package private(set) var head = Matrices()
  /// For each layer, the positions that a row sees at most; nil: all.
  private let windows: [Int?]

  package init(_ configuration: ModelConfiguration, tensors: [TensorRecord]) {
    windows = (0..<configuration.layerCount).map {
      configuration.isLocal(layer: $0) ? configuration.attention.slidingWindow?.size : nil
    }
    for tensor in MemoryEstimate.packedTensors(of: tensors) where tensor.dimensions.count > 1 {
      guard let type = tensor.type, let columns = tensor.dimensions.first, columns > 0 else { continue }
      let rows = tensor.elementCount / columns
      let matrix = Matrices(
        elements: Double(tensor.elementCount),
        bytes: Double(PackedMatrix.byteCount(type: type, rows: rows, columns: columns) ?? 0))
      if tensor.name == "output.weight" || tensor.name == "token_embd.weight" {
        head.add(matrix)
      } else {
        layers.add(matrix)
      }
    }
  }

  /// Operations of the matrix products of `rows` rows, `logitRows` of them with logits; a multiplication and an
  /// addition are two.
  package func operations(rows: Int, logitRows: Int) -> Double {
    2 * (layers.elements * Double(rows) + head.elements * Double(logitRows))
  }

  /// Bytes of weights that a pass reads.
  package func weightBytes(hasLogits: Bool) -> Double {
    layers.bytes + (hasLogits ? head.bytes : 0)
  }

  /// Bytes of keys and values that rows read which see `positions` positions, their own included.
  package func cacheBytes(positions: Double, _ shape: KVCacheShape) -> Double {
    guard shape.layerCount > 0, let block = shape.byteCount(capacity: KVCacheShape.blockLength) else {
      return 0
    }
    let bytes = Double(block) / Double(KVCacheShape.blockLength) / Double(shape.layerCount)
    return windows.reduce(0) { $0 + bytes * min(positions, $1.map(Double.init) ?? .infinity) }
  }
}

extension PassCost.Matrices {
  fileprivate mutating func add(_ other: Self) {
    elements += other.elements
    bytes += other.bytes
  }
}
