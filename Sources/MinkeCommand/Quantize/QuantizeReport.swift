internal import Foundation
internal import MinkeCheckpoints
internal import MinkeHub

/// What a quantisation did: a table, or JSON.
struct QuantizeReport: Encodable {
  struct Share: Encodable {
    var type: String
    var tensors: Int
    var elements: Int
    var bytes: Int
  }

  struct Side: Encodable {
    var path: String
    /// Bytes of tensors.
    var bytes: Int
    var bitsPerWeight: Double

    private enum CodingKeys: String, CodingKey {
      case path, bytes
      case bitsPerWeight = "bits_per_weight"
    }
  }

  var type: String
  var source: Side
  var target: Side
  var types: [Share]
  /// Tensors that were quantised without an importance, where there was an importance matrix.
  var withoutImportance: [String]?

  private enum CodingKeys: String, CodingKey {
    case type, source, target, types
    case withoutImportance = "without_importance"
  }

  init(_ plan: QuantizationPlan, source: any Checkpoint, type: FileType, target: String, hasImportance: Bool)
  {
    let summary = plan.summary
    self.type = type.rawValue
    self.source = Side(
      path: source.path, bytes: summary.bytesBefore, bitsPerWeight: summary.bitsPerWeightBefore)
    self.target = Side(path: target, bytes: summary.bytesAfter, bitsPerWeight: summary.bitsPerWeightAfter)
    types = summary.types.map {
      Share(type: $0.name, tensors: $0.tensorCount, elements: $0.elementCount, bytes: $0.byteCount)
    }
    withoutImportance = hasImportance ? plan.withoutImportance : nil
  }

  var text: String {
    var sides = Table([("", .left), ("SIZE", .right), ("BITS A WEIGHT", .right), ("FILE", .left)])
    for (name, side) in [("before", source), ("after", target)] {
      sides.add([name, byteText(side.bytes), decimalText(side.bitsPerWeight, 2), printable(side.path)])
    }
    var shares = Table([("TYPE", .left), ("TENSORS", .right), ("WEIGHTS", .right), ("SIZE", .right)])
    for share in types {
      shares.add([share.type, "\(share.tensors)", "\(share.elements)", byteText(share.bytes)])
    }
    var text = sides.text + "\n" + shares.text
    if let names = withoutImportance, !names.isEmpty {
      let some = names.prefix(3).map { printable($0) }.joined(separator: ", ")
      text +=
        "\nnot in the importance matrix: \(some)\(names.count > 3 ? " and \(names.count - 3) more" : "")\n"
    }
    return text
  }
}
