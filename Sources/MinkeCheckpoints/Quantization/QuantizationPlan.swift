internal import MinkeTensors

/// What quantising a model will do, tensor by tensor, checked before anything is written.
package struct QuantizationPlan: Sendable {
  package struct Entry: Sendable {
    let tensor: CheckpointTensor
    /// The element type in the target; the tensor's own where it is copied.
    let type: ElementType
    /// How much errors of the columns weigh; nil: all alike.
    let importance: WeightQuantizer.Importance?

    var isCopied: Bool { type == tensor.type }
    /// Bytes in the target.
    var byteCount: Int { (type.byteCount(columns: tensor.columns) ?? 0) * tensor.rows }
  }

  package let entries: [Entry]
  /// What the target says, in order.
  let metadata: [(key: String, value: MetadataValue)]
  /// Matrices that are quantised without an importance although there is an importance matrix.
  package let withoutImportance: [String]

  /// - Parameter allowsRequantizing: whether weights that are quantised already may be quantised again, which loses more
  ///   than quantising the original.
  package init(
    _ source: any Checkpoint, _ fileType: FileType, options: TensorMixture.Options = .init(),
    importance: ImportanceMatrix? = nil, allowsRequantizing: Bool = false
  ) throws(CheckpointError) {
    var tensors: [CheckpointTensor] = []
    for record in source.tensors { tensors.append(try source.weight(named: record.name)) }
    guard !tensors.isEmpty else {
      throw CheckpointError(
        .missing, path: source.path, at: .file, found: "no tensors",
        expected: "a model's weights",
        remedy: "a vocabulary-only file cannot be quantised")
    }
    let shape = TensorMixture.Shape(
      source.metadata, hasOutput: tensors.contains { $0.name == "output.weight" })
    let mixture = TensorMixture(fileType, shape, options: options, hasImportance: importance != nil)
    var entries: [Entry] = []
    var withoutImportance: [String] = []
    for tensor in tensors {
      let type = mixture.type(of: tensor.name, dimensions: tensor.dimensions) ?? tensor.type
      if type != tensor.type, tensor.type.isQuantized, !allowsRequantizing {
        throw CheckpointError(
          .unsupported, path: source.path, at: .tensor(tensor.name),
          found: "\(tensor.type), which is quantised already",
          expected: "F32, F16 or BF16 to make \(type) of",
          remedy: "quantise the original, or add --allow-requantize and lose more than needed")
      }
      var weights: WeightQuantizer.Importance?
      if let importance, type != tensor.type, type.isQuantized {
        weights = try importance.weights(of: tensor.name, dimensions: tensor.dimensions)
        if weights == nil { withoutImportance.append(tensor.name) }
      }
      entries.append(Entry(tensor: tensor, type: type, importance: weights))
    }
    self.entries = entries
    self.withoutImportance = withoutImportance
    metadata = Self.metadata(source.metadata, fileType, importance)
  }

  /// The source's metadata without what only a part of a split model says, and with what is new.
  private static func metadata(
    _ source: Metadata, _ fileType: FileType, _ importance: ImportanceMatrix?
  ) -> [(key: String, value: MetadataValue)] {
    var changes: [(key: String, value: MetadataValue)] = [
      ("general.quantization_version", .uint32(2)), ("general.file_type", .uint32(fileType.number)),
    ]
    if let importance { changes += importance.provenance }
    let replaced = Set(changes.map(\.key))
    let kept = source.keys.filter { !$0.hasPrefix("split.") && !replaced.contains($0) }
    return kept.compactMap { key in source[key].map { (key, $0) } } + changes
  }
}

extension QuantizationPlan {
  /// What changes, in figures.
  public struct Summary: Sendable, Equatable {
    /// The tensors of one element type in the target.
    public struct TypeShare: Sendable, Equatable {
      /// GGML's name, such as "Q4_K".
      public let name: String
      public let tensorCount: Int
      public let elementCount: Int
      public let byteCount: Int
    }

    /// Bytes of tensor data.
    public let bytesBefore: Int
    public let bytesAfter: Int
    public let elementCount: Int
    /// The types in the target, the one with the most bytes first.
    public let types: [TypeShare]

    public var bitsPerWeightBefore: Double { Double(bytesBefore) * 8 / Double(max(elementCount, 1)) }
    public var bitsPerWeightAfter: Double { Double(bytesAfter) * 8 / Double(max(elementCount, 1)) }
  }

  package var summary: Summary {
    let types = Dictionary(grouping: entries, by: \.type).map { type, entries in
      Summary.TypeShare(
        name: "\(type)", tensorCount: entries.count,
        elementCount: entries.reduce(0) { $0 + $1.tensor.rows * $1.tensor.columns },
        byteCount: entries.reduce(0) { $0 + $1.byteCount })
    }
    .sorted { ($0.byteCount, $1.name) > ($1.byteCount, $0.name) }
    return Summary(
      bytesBefore: entries.reduce(0) { $0 + $1.tensor.byteCount },
      bytesAfter: types.reduce(0) { $0 + $1.byteCount },
      elementCount: types.reduce(0) { $0 + $1.elementCount }, types: types)
  }
}
