package import MinkeCheckpoints
internal import MinkeTensors

/// What the experts of a mixture take, in memory and in the file, in bytes.
///
/// An expert is the three matrices of one layer that a token goes through together.
public struct ExpertMemory: Sendable, Hashable {
  /// Experts of all layers.
  public let count: Int
  /// Experts of a layer that one token goes through.
  public let usedCount: Int
  /// All of them, packed.
  public let packedBytes: Int
  /// What the largest takes, packed: any expert has room in a place of this size.
  public let slotBytes: Int
  /// All of them in the file.
  public let fileBytes: Int
  /// In the file, those that one token goes through in all layers: what it has to read when none is in memory.
  public let fileBytesPerToken: Int

  /// The least memory for experts that a model runs with: those of one token in one layer.
  public var leastBudget: Int { slotBytes.multipliedSaturated(by: usedCount) }

  /// The matrices of an expert, which tensors of these names hold for all experts of a layer.
  static let matrices = ["ffn_gate_exps.weight", "ffn_up_exps.weight", "ffn_down_exps.weight"]

  /// Whether the tensor holds a matrix of each expert of a layer.
  static func holds(_ tensor: TensorRecord) -> Bool {
    tensor.dimensions.count == 3 && matrices.contains { tensor.name.hasSuffix("." + $0) }
  }

  /// nil for a model without experts.
  package init?(_ configuration: ModelConfiguration, tensors: [TensorRecord]) {
    guard let experts = configuration.experts else { return nil }
    var (packed, file, slots) = (0, 0, [Substring: Int]())
    for tensor in tensors where Self.holds(tensor) && !configuration.isOfDraft(tensor.name) {
      guard let type = tensor.type, let bytes = tensor.byteCount,
        let matrix = PackedMatrices.matrixByteCount(
          type: type, rows: tensor.dimensions[1], columns: tensor.dimensions[0])
      else { continue }
      packed = packed.addingSaturated(matrix.multipliedSaturated(by: tensor.dimensions[2]))
      file = file.addingSaturated(bytes)
      let layer = tensor.name.prefix { $0 != "f" }
      slots[layer] = (slots[layer] ?? 0).addingSaturated(matrix)
    }
    guard let largest = slots.values.max(), largest > 0 else { return nil }
    count = experts.count.multipliedSaturated(by: slots.count)
    usedCount = experts.usedCount
    packedBytes = packed
    slotBytes = largest
    fileBytes = file
    fileBytesPerToken = file / experts.count * experts.usedCount
  }

  /// What experts may take where so much is left for them, a little less so that there is room to read through; nil
  /// where that is not enough to run.
  public func budget(leaving room: Int) -> Int? {
    let budget = room / 10 * 9
    return budget >= leastBudget ? min(budget, packedBytes) : nil
  }
}
