internal import MinkeTensors

/// What a model's file says of itself, in the form that a person is shown.
public struct CheckpointSummary: Sendable, Equatable {
  /// `general.architecture`, such as "qwen2".
  public let architecture: String?
  /// `general.name`, as its makers call it.
  public let name: String?
  /// `general.size_label`, such as "7B".
  public let sizeLabel: String?
  /// `general.license`, as its makers wrote it.
  public let license: String?
  /// The number of tokens that the model was made for.
  public let contextLength: Int?
  /// Elements of all tensors together.
  public let parameterCount: Int
  /// Bytes of all files together.
  public let fileSize: Int
  /// Element types, the one with the most bytes first.
  public let types: [TypeShare]

  /// The tensors of one element type.
  public struct TypeShare: Sendable, Equatable {
    /// GGML's name, such as "Q4_K".
    public let name: String
    public let tensorCount: Int
    public let elementCount: Int
    /// Bytes of data; nil for a type that is not supported.
    public let byteCount: Int?
  }
}

extension Checkpoint {
  /// What the file says of itself. A key of the wrong type counts as absent: what is shown need not be valid.
  package var summary: CheckpointSummary {
    func text(_ key: String) -> String? {
      if case .string(let text) = metadata[key] { text } else { nil }
    }
    let architecture = text("general.architecture")
    return CheckpointSummary(
      architecture: architecture, name: text("general.name"), sizeLabel: text("general.size_label"),
      license: text("general.license"),
      contextLength: architecture.flatMap { metadata[$0 + ".context_length"]?.integer },
      parameterCount: tensors.reduce(0) { $0.addingClamped($1.elementCount) },
      fileSize: fileSize, types: typeShares)
  }

  private var typeShares: [CheckpointSummary.TypeShare] {
    Dictionary(grouping: tensors, by: \.typeNumber).values.map { group in
      CheckpointSummary.TypeShare(
        name: group[0].typeName, tensorCount: group.count,
        elementCount: group.reduce(0) { $0.addingClamped($1.elementCount) },
        byteCount: group[0].type == nil ? nil : group.reduce(0) { $0.addingClamped($1.byteCount ?? 0) })
    }
    .sorted { ($0.byteCount ?? 0, $0.elementCount, $1.name) > ($1.byteCount ?? 0, $1.elementCount, $0.name) }
  }
}

extension Int {
  /// The sum, or the largest integer: a truncated file may announce any sizes.
  fileprivate func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
