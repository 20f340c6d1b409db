internal import Foundation
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
  /// Of the matrices of all experts, by some of which a row is multiplied.
  package private(set) var experts = Matrices()
  /// The share of its experts that a row goes through.
  private let expertShare: Double
  /// The output matrix, by which rows with logits are multiplied.
  package private(set) var head = Matrices()
  /// For each layer, the positions that a row sees at most; nil: all.
  private let windows: [Int?]

  package init(_ configuration: ModelConfiguration, tensors: [TensorRecord]) {
    windows = (0..<configuration.layerCount).map {
      // Layers of linear attention keep no positions.
      if configuration.linear?.isLinear[$0] == true { return 0 }
      return configuration.isLocal(layer: $0) ? configuration.attention.slidingWindow?.size : nil
    }
    expertShare = configuration.experts.map { Double($0.usedCount) / Double($0.count) } ?? 0
    for tensor in MemoryEstimate.packedTensors(of: tensors, configuration) where tensor.dimensions.count > 1 {
      guard let type = tensor.type, let columns = tensor.dimensions.first, columns > 0 else { continue }
      let matrix = Matrices(
        elements: Double(tensor.elementCount),
        bytes: Double(MemoryEstimate.packedBytes(tensor, type, configuration)))
      if tensor.name == "output.weight" || tensor.name == "token_embd.weight" {
        head.add(matrix)
      } else if tensor.name.hasSuffix("_exps.weight") {
        experts.add(matrix)
      } else {
        layers.add(matrix)
      }
    }
  }

  /// Operations of the matrix products of `rows` rows, `logitRows` of them with logits; a multiplication and an
  /// addition are two.
  package func operations(rows: Int, logitRows: Int) -> Double {
    let used = experts.elements * expertShare
    return 2 * ((layers.elements + used) * Double(rows) + head.elements * Double(logitRows))
  }

  /// Bytes of weights that a pass reads; of experts, what rows would that choose by chance.
  package func weightBytes(rows: Int = 1, hasLogits: Bool) -> Double {
    let missed = pow(1 - expertShare, Double(rows))
    return layers.bytes + experts.bytes * (1 - missed) + (hasLogits ? head.bytes : 0)
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
