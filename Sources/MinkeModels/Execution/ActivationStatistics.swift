internal import MinkeTensors

/// The mean squares of the inputs of a model's matrices, column by column, over all passes they were given to: what
/// quantisation weighs errors with.
///
/// For one pass at a time.
@safe
package final class ActivationStatistics {
  private let arena: Arena
  private let sums: ActivationSums
  private let outputName: String
  /// Rows of all passes, and those of them with logits.
  private var rowCount = 0
  private var logitRowCount = 0

  /// What is known of one matrix.
  package struct Entry: Sendable, Equatable {
    /// The tensor's name.
    package let name: String
    /// Σ x² for each column of the matrix.
    package let sums: [Double]
    /// Rows that were added up.
    package let count: Int
  }

  init(_ configuration: ModelConfiguration, outputName: String) throws(TensorError) {
    let shape = ActivationShape(configuration)
    arena = try Arena(byteCount: shape.count * MemoryLayout<Double>.stride, for: "sums of activations")
    let base = unsafe try arena.allocate(Double.self, count: shape.count)
    sums = unsafe ActivationSums(base: base, shape: shape)
    self.outputName = outputName
  }

  /// A pass begins: where it adds.
  func begin(rows: Int, logitRows: Int) -> ActivationSums {
    rowCount += rows
    logitRowCount += logitRows
    return sums
  }

  /// One entry for each matrix, in the order of the layers.
  package var entries: [Entry] {
    let places: [(ActivationPlace, [String])] = [
      (.attention, ["attn_q", "attn_k", "attn_v"]), (.attentionOutput, ["attn_output"]),
      (.feedForward, ["ffn_gate", "ffn_up"]), (.feedForwardDown, ["ffn_down"]),
    ]
    var entries: [Entry] = []
    for layer in 0..<sums.shape.layerCount {
      for (place, names) in places {
        let values = values(place, layer)
        entries += names.map { Entry(name: "blk.\(layer).\($0).weight", sums: values, count: rowCount) }
      }
    }
    if logitRowCount > 0 {
      entries.append(Entry(name: outputName, sums: values(.output, 0), count: logitRowCount))
    }
    return entries
  }

  private func values(_ place: ActivationPlace, _ layer: Int) -> [Double] {
    let start = unsafe sums.base + sums.shape.offset(of: place, layer: layer)
    return unsafe Array(UnsafeBufferPointer(start: start, count: sums.shape.width(of: place)))
  }
}
