internal import MinkeTensors

/// The GGUF tensors of a folder, and what each is made from.
struct FolderTensors {
  /// In the order of a model's layers.
  let records: [TensorRecord]
  let sources: [String: FolderTensor]
  /// Rows of the embedding.
  let vocabularySize: Int

  init(_ shards: FolderShards, _ configuration: FolderConfiguration, path: String) throws(CheckpointError) {
    let family = configuration.family
    var found: [String: (source: SafetensorsTensor, treatment: FolderFamily.Treatment)] = [:]
    var scales: [String: SafetensorsTensor] = [:]
    for tensor in shards.files.lazy.flatMap(\.tensors) {
      switch family.meaning(of: tensor.name) {
      case .ignored: break
      case .scales(let name): scales[name] = tensor
      case .tensor(let name, let treatment):
        guard found.updateValue((tensor, treatment), forKey: name) == nil else {
          throw Self.failure(.malformed, tensor, "a second tensor that is \(name)", "one")
        }
      case nil:
        throw Self.failure(
          .unsupported, tensor, "a tensor that \(family.architecture) does not have",
          "the architecture's tensors only")
      }
    }
    if configuration.isTied ?? (family == .gemma3) {
      found["output.weight"] = nil
    } else if configuration.isTied == false, found["output.weight"] == nil {
      throw CheckpointError(
        .missing, path: path, at: .tensor("lm_head.weight"), found: "no such tensor",
        expected: "an output matrix, as tie_word_embeddings is false")
    }
    var tensors: [FolderTensor] = []
    for (name, (source, treatment)) in found.sorted(by: { $0.key < $1.key }) {
      tensors.append(
        try FolderTensor(
          name: name, source, treatment, scales: scales.removeValue(forKey: source.name), configuration))
    }
    let orphans = scales.values.filter { !Self.isIgnored($0.name, family) }
    if let orphan = orphans.min(by: { $0.name < $1.name }) {
      throw Self.failure(.malformed, orphan, "scales without their tensor", "the tensor that they scale")
    }
    if let divisors = configuration.rotary.divisors(headLength: configuration.headLength) {
      tensors.append(FolderTensor(name: "rope_freqs.weight", divisors))
    }
    tensors.sort { $0.place.lexicographicallyPrecedes($1.place) }
    records = tensors.map(\.record)
    sources = Dictionary(uniqueKeysWithValues: tensors.map { ($0.record.name, $0) })
    guard let embedding = sources["token_embd.weight"], embedding.record.dimensions.count == 2,
      FolderConfiguration.vocabularies.contains(embedding.record.dimensions[1])
    else {
      throw CheckpointError(
        .missing, path: path, at: .tensor("model.embed_tokens.weight"), found: "no such matrix",
        expected: "the embedding of a model")
    }
    vocabularySize = embedding.record.dimensions[1]
  }

  /// Whether scales are of a tensor that is left out: vision, or an output matrix that is the embedding.
  private static func isIgnored(_ name: String, _ family: FolderFamily) -> Bool {
    guard case .scales(let weight) = family.meaning(of: name), let meaning = family.meaning(of: weight) else {
      return false
    }
    return meaning == .ignored || meaning == .tensor(name: "output.weight", .kept)
  }

  static func failure(
    _ kind: CheckpointError.Kind, _ tensor: SafetensorsTensor, _ found: String, _ expected: String
  ) -> CheckpointError {
    CheckpointError(kind, path: tensor.file.path, at: .tensor(tensor.name), found: found, expected: expected)
  }
}

/// One GGUF tensor of a folder: its record, and how its rows come about.
struct FolderTensor: Sendable {
  let record: TensorRecord
  private let contents: Contents

  private enum Contents {
    /// Rows, with the scales of an 8-bit tensor, which are read when the tensor is used.
    case rows(DerivedRows, scales: SafetensorsTensor?, block: ScaleLayout?)
    /// What lies in memory.
    case values(StoredTensor)
  }

  /// Small values that no file holds.
  init(name: String, _ values: [Float]) {
    var memory = LittleEndianBytes()
    for value in values { memory.append(value.bitPattern) }
    let file = MappedFile(copying: memory.bytes, path: name)
    record = Self.record(name, [values.count], .f32, 0)
    contents = .values(
      StoredTensor(name: name, dimensions: [values.count], type: .f32, byteRange: 0..<file.count, file: file))
  }

  init(
    name: String, _ source: SafetensorsTensor, _ treatment: FolderFamily.Treatment,
    scales: SafetensorsTensor?,
    _ configuration: FolderConfiguration
  ) throws(CheckpointError) {
    guard 1...2 ~= source.shape.count, source.shape.allSatisfy({ $0 > 0 }) else {
      throw FolderTensors.failure(
        .malformed, source, "the shape \(source.shape)", "one or two dimensions of at least 1")
    }
    guard DerivedRows.readable.contains(source.type) else {
      throw FolderTensors.failure(
        .unsupported, source, "type \(source.type.rawValue)",
        DerivedRows.readable.map(\.rawValue).joined(separator: ", "))
    }
    let isVector = source.shape.count == 1
    guard treatment != .norm || isVector, (source.type == .float8_e4m3) == (scales != nil) else {
      throw FolderTensors.failure(
        .malformed, source, "a norm of two dimensions, or scales and 8-bit floats without each other",
        "vectors for norms; scales for 8-bit floats alone")
    }
    // GGUF keeps vectors as F32. Products of 8-bit floats with their scales have few more bits than BF16 holds.
    let type: ElementType = isVector ? .f32 : source.type.element ?? .bf16
    let length = configuration.headLength
    guard treatment != .pairsTogether || source.shape[0].isMultiple(of: length) else {
      throw FolderTensors.failure(
        .malformed, source, "\(source.shape[0]) rows", "whole heads of \(length), as config.json says")
    }
    let isReordered = treatment == .pairsTogether
    // The elements of a vector that are reordered are rows of one.
    var rows = DerivedRows(
      source: source, rows: isVector && !isReordered ? 1 : source.shape[0],
      columns: isVector ? (isReordered ? 1 : source.shape[0]) : source.shape[1], type: type)
    if isReordered { rows.order = .pairsTogether(headLength: length) }
    if treatment == .norm { rows.shift = configuration.family.normShift }
    record = Self.record(name, source.shape.reversed(), type, source.byteRange.lowerBound)
    let block = try scales.map { (scales) throws(CheckpointError) in
      try ScaleLayout(of: scales, for: source, stated: configuration.scaleBlock)
    }
    contents = .rows(rows, scales: scales, block: block)
  }

  private static func record(
    _ name: String, _ dimensions: [Int], _ type: ElementType, _ offset: Int
  ) -> TensorRecord {
    // The product was computed with the source's extent.
    let count = dimensions.reduce(1, *)
    return TensorRecord(
      name: name, dimensions: dimensions, typeNumber: type.rawValue, elementCount: count,
      byteCount: type.byteCount(columns: count), offset: offset)
  }

  /// The order of a model: embedding, frequencies, layers, output.
  var place: [String] {
    let parts = record.name.split(separator: ".").map(String.init)
    let groups = ["token_embd", "rope_freqs", "blk", "output_norm", "output"]
    let group = groups.firstIndex(of: parts[0]) ?? groups.count
    // Numbers of layers are compared as text of one length.
    return ["\(group)"]
      + parts.map { part in
        Int(part) == nil ? part : String(repeating: "0", count: max(0, 8 - part.count)) + part
      }
  }

  /// The tensor, whose data is there.
  func tensor() throws(CheckpointError) -> CheckpointTensor {
    switch contents {
    case .values(let stored): return CheckpointTensor(stored)
    case .rows(var rows, let scales, let block):
      try rows.source.checkExtent()
      if let scales, let block { rows.scales = try block.read(scales) }
      if rows.isAsStored {
        return CheckpointTensor(
          StoredTensor(
            name: record.name, dimensions: record.dimensions, type: rows.type,
            byteRange: rows.source.byteRange,
            file: rows.source.file))
      }
      if record.dimensions.count == 1 { return CheckpointTensor(vector(rows)) }
      return CheckpointTensor(name: record.name, dimensions: record.dimensions, rows)
    }
  }

  /// A vector, worked out at once.
  private func vector(_ rows: DerivedRows) -> StoredTensor {
    var bytes = [UInt8](repeating: 0, count: record.byteCount ?? 0)
    unsafe bytes.withUnsafeMutableBytes { unsafe rows.read(0..<rows.rows, into: $0) }
    let file = MappedFile(copying: bytes, path: record.name)
    return StoredTensor(
      name: record.name, dimensions: record.dimensions, type: rows.type, byteRange: 0..<bytes.count,
      file: file)
  }
}
