internal import MinkeCheckpoints
internal import MinkeTensors

/// The mean squares of the inputs of a model's matrices, column by column, over all passes they were given to: what
/// quantisation weighs errors with.
///
/// For one pass at a time.
@safe
package final class ActivationStatistics {
  private let arena: Arena
  private let sums: ActivationSums
  private let configuration: ModelConfiguration
  private let outputName: String
  /// The matrices that there are.
  private let names: Set<String>
  /// Rows of all passes, and those of them with logits.
  private var rowCount = 0
  private var logitRowCount = 0

  /// What is known of one tensor.
  package struct Entry: Sendable, Equatable {
    /// The tensor's name.
    package let name: String
    /// Σ x² for each column, of one matrix after the other where there is one for each expert or head.
    package let sums: [Double]
    /// Rows that were added up: one number, or one for each expert.
    package let counts: [Int]
  }

  init(
    _ configuration: ModelConfiguration, tensors: [TensorRecord], outputName: String
  ) throws(TensorError) {
    self.configuration = configuration
    let shape = ActivationShape(configuration)
    arena = try Arena(byteCount: shape.count * MemoryLayout<Double>.stride, for: "sums of activations")
    let base = unsafe try arena.allocate(Double.self, count: shape.count)
    sums = unsafe ActivationSums(base: base, shape: shape)
    self.outputName = outputName
    names = Set(tensors.lazy.filter { $0.dimensions.count > 1 }.map(\.name))
  }

  /// A pass begins: where it adds.
  func begin(rows: Int, logitRows: Int) -> ActivationSums {
    rowCount += rows
    logitRowCount += logitRows
    return sums
  }

  /// One entry for each matrix, or each expert's or head's matrices together, in the order of the layers.
  package var entries: [Entry] {
    var entries: [Entry] = []
    for layer in 0..<configuration.layerCount {
      for (place, width, tensors) in places(of: layer) {
        let present = tensors.map { "blk.\(layer).\($0).weight" }.filter(names.contains)
        guard !present.isEmpty else { continue }
        let values = values(place, layer, width)
        let counts = place == .experts || place == .expertsDown ? expertCounts(layer) : [rowCount]
        entries += present.map { Entry(name: $0, sums: values, counts: counts) }
      }
    }
    if logitRowCount > 0 {
      entries.append(
        Entry(
          name: outputName, sums: values(.output, 0, configuration.hiddenSize), counts: [logitRowCount]))
    }
    return entries
  }

  /// The inputs of a layer, how wide each is, and which tensors it stands before.
  private func places(of layer: Int) -> [(ActivationPlace, Int, [String])] {
    func all(_ place: ActivationPlace) -> Int { sums.shape.width(of: place) }
    var places: [(ActivationPlace, Int, [String])] = [
      (
        .attention, all(.attention),
        ["attn_q", "attn_k", "attn_v", "attn_q_a", "attn_kv_a_mqa", "attn_qkv", "attn_gate"]
      ),
      (.queryLatent, all(.queryLatent), ["attn_q_b"]), (.latentKeys, all(.latentKeys), ["attn_k_b"]),
      (.latentValues, all(.latentValues), ["attn_v_b"]),
      (.attentionOutput, all(.attentionOutput), ["attn_output"]),
      (
        .feedForward, all(.feedForward),
        ["ffn_gate", "ffn_up", "ffn_gate_inp", "ffn_gate_shexp", "ffn_up_shexp"]
      ),
    ]
    if let experts = configuration.experts, configuration.hasExperts(layer: layer) {
      places += [
        (.feedForwardDown, experts.sharedFeedForwardSize, ["ffn_down_shexp"]),
        (.experts, all(.experts), ["ffn_gate_exps", "ffn_up_exps"]),
        (.expertsDown, all(.expertsDown), ["ffn_down_exps"]),
      ]
    } else {
      places.append((.feedForwardDown, configuration.feedForwardSize, ["ffn_down"]))
    }
    return places
  }

  private func expertCounts(_ layer: Int) -> [Int] {
    values(.expertCounts, layer, sums.shape.width(of: .expertCounts)).map { Int($0) }
  }

  private func values(_ place: ActivationPlace, _ layer: Int, _ width: Int) -> [Double] {
    let start = unsafe sums.base + sums.shape.offset(of: place, layer: layer)
    return unsafe Array(UnsafeBufferPointer(start: start, count: width))
  }
}
