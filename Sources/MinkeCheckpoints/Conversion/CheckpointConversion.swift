package import MinkeTensors

/// Writes a checkpoint as a GGUF file, with its matrices in one float type or as they are.
///
/// Rows are made a few megabytes at a time by all threads of a pool, so that a model larger than memory can be written.
package struct CheckpointConversion: Sendable {
  /// What matrices become. Vectors are F32 in any case, as in other GGUF files.
  package enum Target: String, CaseIterable, Sendable {
    /// The type that the checkpoint has them in; 8-bit floats become BF16.
    case auto
    case f32, f16, bf16
  }

  package let checkpoint: any Checkpoint
  package let target: Target
  /// Called after each piece with its bytes; false ends the writing.
  package var progress: @Sendable (Int) -> Bool = { _ in true }

  /// Bytes of a piece, or one row where that is more.
  private static let pieceLength = 8 << 20

  package init(_ checkpoint: any Checkpoint, to target: Target) {
    self.checkpoint = checkpoint
    self.target = target
  }

  private func type(of tensor: TensorRecord) -> ElementType? {
    guard tensor.dimensions.count > 1 else { return .f32 }
    // Rounding what chooses experts would change the choice.
    let isRouter = tensor.name.hasSuffix(".ffn_gate_inp.weight")
    switch target {
    case .auto: return tensor.type
    case .f16 where isRouter, .bf16 where isRouter: return .f32
    case .f32: return .f32
    case .f16: return .f16
    case .bf16: return .bf16
    }
  }

  /// Bytes that will be written of tensors.
  package var byteCount: Int {
    checkpoint.tensors.reduce(0) { $0 + (type(of: $1)?.byteCount(columns: $1.elementCount) ?? 0) }
  }

  /// The type that holds most elements, with the number that GGUF gives a file of it (`general.file_type`).
  package var mainType: (type: ElementType, number: UInt32) {
    var counts: [ElementType: Int] = [:]
    for tensor in checkpoint.tensors where tensor.dimensions.count > 1 {
      if let type = type(of: tensor) { counts[type, default: 0] += tensor.elementCount }
    }
    let type = counts.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key ?? .f32
    let numbers: [ElementType: UInt32] = [.f32: 0, .f16: 1, .bf16: 32]
    return (type, numbers[type] ?? 0)
  }

  /// What writes the file.
  ///
  /// - Parameter threadCount: threads that make rows; one for each processor unless given.
  /// - Throws: for a tensor that is not there, before anything is written.
  package func writer(threadCount: Int? = nil) throws(CheckpointError) -> GGUFWriter {
    let pool = WorkerPool(threadCount: threadCount ?? WorkerPool.availableProcessors)
    var writer = GGUFWriter()
    for key in checkpoint.metadata.keys {
      if let value = checkpoint.metadata[key] { writer.set(key, value) }
    }
    writer.set("general.file_type", .uint32(mainType.number))
    writer.set("general.quantization_version", .uint32(2))
    for record in checkpoint.tensors {
      let tensor = try checkpoint.weight(named: record.name)
      let type = type(of: record) ?? tensor.type
      writer.add(record.name, dimensions: record.dimensions, type: type) {
        (sink) throws(CheckpointError) in
        // Asked for again, so that the scales of one tensor are in memory at a time.
        let tensor = try checkpoint.weight(named: record.name)
        try write(tensor, as: type, with: pool, to: &sink)
      }
    }
    return writer
  }

  private func write(
    _ tensor: CheckpointTensor, as type: ElementType, with pool: WorkerPool, to sink: inout TensorSink
  ) throws(CheckpointError) {
    let rowBytes = type.byteCount(columns: tensor.columns) ?? 0
    let step = max(1, Self.pieceLength / max(rowBytes, 1))
    var memory = [UInt8](repeating: 0, count: min(step, tensor.rows) * rowBytes)
    for first in stride(from: 0, to: tensor.rows, by: step) {
      let rows = first..<min(first + step, tensor.rows)
      try read(tensor, rows, as: type, with: pool, into: &memory)
      let byteCount = rows.count * rowBytes
      try sink.write(memory.span.extracting(0..<byteCount))
      tensor.releasePages(ofRows: rows)
      guard progress(byteCount) else {
        throw CheckpointError(
          .unwritable, path: checkpoint.path, at: .tensor(tensor.name), found: "a request to stop",
          expected: "to be let finish")
      }
    }
  }

  /// Fills `memory` with rows, each thread its share.
  private func read(
    _ tensor: CheckpointTensor, _ rows: Range<Int>, as type: ElementType, with pool: WorkerPool,
    into memory: inout [UInt8]
  ) throws(CheckpointError) {
    let rowBytes = type.byteCount(columns: tensor.columns) ?? 0
    var errors = [CheckpointError?](repeating: nil, count: pool.threadCount)
    unsafe memory.withUnsafeMutableBytes { memory in
      unsafe errors.withUnsafeMutableBufferPointer { errors in
        // Workers write different rows, and each its own error.
        nonisolated(unsafe) let (memory, errors) = unsafe (memory, errors)
        pool.run { worker in
          let share = worker.share(of: rows.count)
          guard !share.isEmpty else { return }
          let part = unsafe UnsafeMutableRawBufferPointer(
            rebasing: memory[share.lowerBound * rowBytes..<share.upperBound * rowBytes])
          do throws(CheckpointError) {
            try unsafe tensor.readRows(
              rows.lowerBound + share.lowerBound..<rows.lowerBound + share.upperBound, as: type, into: part)
          } catch {
            unsafe errors[worker.index] = error
          }
        }
      }
    }
    if let error = errors.lazy.compactMap({ $0 }).first { throw error }
  }
}

extension CheckpointTensor {
  /// Writes some rows in a float type, rounded to nearest even.
  ///
  /// - Throws: for a number that is too large for half precision.
  package func readRows(
    _ range: Range<Int>, as target: ElementType, into memory: UnsafeMutableRawBufferPointer
  ) throws(CheckpointError) {
    guard target != type else { return unsafe readRows(range, into: memory) }
    let rowBytes = target.byteCount(columns: columns) ?? 0
    var floats = [Float](repeating: 0, count: columns)
    for (place, row) in range.enumerated() {
      try unsafe floats.withUnsafeMutableBufferPointer { buffer throws(CheckpointError) in
        try unsafe readFloats(row..<row + 1, into: buffer)
      }
      if target == .f16, let value = floats.first(where: { $0.isFinite && abs($0) >= FloatFormats.halfLimit })
      {
        throw CheckpointError(
          .outOfRange, path: path, at: .tensor(name), found: "the weight \(value)",
          expected: "less than \(FloatFormats.halfLimit), where half precision ends",
          remedy: "choose bf16 or f32")
      }
      unsafe floats.withUnsafeBufferPointer { floats in
        unsafe FloatRow.encode(
          floats, as: target,
          into: UnsafeMutableRawBufferPointer(rebasing: memory[place * rowBytes..<(place + 1) * rowBytes]))
      }
    }
  }
}
