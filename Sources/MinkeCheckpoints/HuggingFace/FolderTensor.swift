internal import MinkeTensors

/// One GGUF tensor of a folder: its record, and how its rows come about.
struct FolderTensor: Sendable {
  let record: TensorRecord
  private let contents: Contents

  /// Scales of 8-bit floats are read when the tensor is used.
  private enum Contents {
    case rows(Part)
    case stacked([Part])
    case transposed(TransposedHeads, ScaledTensor, ScaleLayout?)
    /// What lies in memory.
    case values(StoredTensor)
  }

  private struct Part {
    var rows: DerivedRows
    let input: ScaledTensor
    let layout: ScaleLayout?

    /// The rows, whose data and scales are there.
    func resolved() throws(CheckpointError) -> DerivedRows {
      var rows = rows
      rows.scales = try input.readScales(layout)
      return rows
    }
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
    name: String, _ input: ScaledTensor, _ treatment: FolderFamily.Treatment,
    _ configuration: FolderConfiguration
  ) throws(CheckpointError) {
    let source = input.source
    let layout = try input.layout(configuration)
    // Some vectors are stored as matrices of one row.
    let isVector = source.shape.count == 1 || (treatment == .vector && source.shape[0] == 1)
    guard isVector || (treatment != .norm && treatment != .vector) else {
      throw FolderTensors.failure(.malformed, source, "the shape \(source.shape)", "a vector")
    }
    // GGUF keeps vectors as F32. Products of 8-bit floats with their scales have few more bits than BF16 holds.
    let type: ElementType = isVector || treatment == .router ? .f32 : source.type.element ?? .bf16
    let length = configuration.headLength
    guard treatment != .pairsTogether || source.shape[0].isMultiple(of: length) else {
      throw FolderTensors.failure(
        .malformed, source, "\(source.shape[0]) rows", "whole heads of \(length), as config.json says")
    }
    let isReordered = treatment == .pairsTogether
    let columns = source.shape[source.shape.count - 1]
    // The elements of a vector that are reordered are rows of one.
    var rows = DerivedRows(
      source: source, rows: !isVector ? source.shape[0] : isReordered ? columns : 1,
      columns: isVector && isReordered ? 1 : columns, type: type)
    if isReordered { rows.order = .pairsTogether(headLength: length) }
    if treatment == .norm { rows.shift = configuration.family.normShift }
    record = Self.record(
      name, isVector ? [columns] : source.shape.reversed(), type, source.byteRange.lowerBound)
    contents = .rows(Part(rows: rows, input: input, layout: layout))
  }

  /// The matrices of a layer's experts as one tensor.
  init(
    name: String, experts: [ScaledTensor], _ configuration: FolderConfiguration
  ) throws(CheckpointError) {
    let first = experts[0].source
    var parts: [Part] = []
    for input in experts {
      let source = input.source
      let layout = try input.layout(configuration)
      guard source.shape.count == 2 else {
        throw FolderTensors.failure(.malformed, source, "the shape \(source.shape)", "a matrix")
      }
      guard source.shape == first.shape, source.type == first.type else {
        throw FolderTensors.failure(
          .malformed, source, "the shape \(source.shape) of type \(source.type.rawValue)",
          "\(first.shape) of type \(first.type.rawValue), as the layer's first expert has")
      }
      let rows = DerivedRows(
        source: source, rows: source.shape[0], columns: source.shape[1], type: source.type.element ?? .bf16)
      parts.append(Part(rows: rows, input: input, layout: layout))
    }
    // What headers claim may lie in several files, each with as many bytes as a file can have.
    guard !first.byteRange.count.multipliedReportingOverflow(by: experts.count).overflow else {
      throw FolderTensors.failure(
        .malformed, first, "\(experts.count) experts of the shape \(first.shape)", "fewer than 2^63 bytes")
    }
    record = Self.record(
      name, first.shape.reversed() + [experts.count], parts[0].rows.type, first.byteRange.lowerBound)
    contents = .stacked(parts)
  }

  /// The two halves of what makes keys and values from latents: that of keys transposed, as GGUF has them.
  ///
  /// - Parameter name: that of both together; ours differ in the part after the layer.
  static func keysAndValues(
    name: String, _ input: ScaledTensor, _ latent: LatentFields, _ configuration: FolderConfiguration
  ) throws(CheckpointError) -> [FolderTensor] {
    let source = input.source
    let layout = try input.layout(configuration)
    guard source.shape == [latent.heads * latent.headRows, latent.rank] else {
      throw FolderTensors.failure(
        .malformed, source, "the shape \(source.shape)",
        "[\(latent.heads * latent.headRows), \(latent.rank)], as config.json says")
    }
    let type = source.type.element ?? .bf16
    let block = name.dropLast("attn_kv_b.weight".count)
    let keys = TransposedHeads(
      source: source, taken: latent.plain, headRows: latent.headRows, type: type, scales: nil)
    var values = DerivedRows(
      source: source, rows: latent.heads * latent.value, columns: latent.rank, type: type)
    values.order = .lastOfHeads(taken: latent.value, headRows: latent.headRows)
    let offset = source.byteRange.lowerBound
    return [
      FolderTensor(
        record: record(block + "attn_k_b.weight", [latent.plain, latent.rank, latent.heads], type, offset),
        contents: .transposed(keys, input, layout)),
      FolderTensor(
        record: record(block + "attn_v_b.weight", [latent.rank, latent.value, latent.heads], type, offset),
        contents: .rows(Part(rows: values, input: input, layout: layout))),
    ]
  }

  private init(record: TensorRecord, contents: Contents) {
    (self.record, self.contents) = (record, contents)
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
    let rows: any RowSource
    switch contents {
    case .values(let stored): return CheckpointTensor(stored)
    case .rows(let part):
      let derived = try part.resolved()
      if derived.isAsStored {
        return CheckpointTensor(
          StoredTensor(
            name: record.name, dimensions: record.dimensions, type: derived.type,
            byteRange: derived.source.byteRange, file: derived.source.file))
      }
      if record.dimensions.count == 1 { return CheckpointTensor(vector(derived)) }
      rows = derived
    case .stacked(let parts):
      var resolved: [DerivedRows] = []
      for part in parts { resolved.append(try part.resolved()) }
      rows = StackedRows(parts: resolved)
    case .transposed(var heads, let input, let layout):
      heads.scales = try input.readScales(layout)
      rows = heads
    }
    return CheckpointTensor(name: record.name, dimensions: record.dimensions, rows)
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
