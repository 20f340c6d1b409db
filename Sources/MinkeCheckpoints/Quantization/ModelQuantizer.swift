internal import MinkeTensors

/// Writes a quantised model to a file, tensor by tensor: memory is needed for a piece of one, however large the model.
package struct ModelQuantizer: Sendable {
  private let plan: QuantizationPlan
  private let quantizer: WeightQuantizer

  /// - Parameter threadCount: threads that compute; nil: one for each processor this process may keep busy. The bytes do
  ///   not depend on it.
  package init(_ plan: QuantizationPlan, threadCount: Int? = nil) {
    self.plan = plan
    quantizer = WeightQuantizer(pool: WorkerPool(threadCount: threadCount ?? WorkerPool.availableProcessors))
  }

  /// Writes the model to `path`, where it appears complete and on disk, or not at all.
  ///
  /// - Parameters:
  ///   - replacing: whether a file that is there may be replaced.
  ///   - source: the model that is read, which must not lie at `path`.
  ///   - progress: called with the bytes of the source's tensors that are done; false ends the work.
  package func write(
    to path: String, replacing: Bool, source: any Checkpoint,
    progress: @escaping @Sendable (_ bytes: Int) -> Bool = { _ in true }
  ) throws(CheckpointError) {
    try OutputTarget(path: path).check(replacing: replacing, sources: source.parts.map(\.path))
    var writer = GGUFWriter()
    for (key, value) in plan.metadata { writer.set(key, value) }
    let name = source.path
    var done = 0
    for entry in plan.entries {
      let before = done
      writer.add(entry.tensor.name, dimensions: entry.tensor.dimensions, type: entry.type) {
        sink throws(CheckpointError) in
        try write(entry, of: name, to: &sink) { bytes throws(CheckpointError) in
          guard progress(before + bytes) else { throw Self.stopped(path) }
        }
      }
      done += entry.tensor.byteCount
    }
    _ = try writer.write(to: path, partSize: .max, replacesExisting: replacing)
  }

  private static func stopped(_ path: String) -> CheckpointError {
    CheckpointError(
      .unwritable, path: path, at: .file, found: "the request to stop", expected: "time to finish",
      remedy: "nothing was written")
  }

  /// - Parameters:
  ///   - source: the path of the model that is read, for messages.
  ///   - report: called with the bytes of the tensor that are done.
  private func write(
    _ entry: QuantizationPlan.Entry, of source: String, to sink: inout TensorSink,
    report: (Int) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    let tensor = entry.tensor
    if entry.isCopied {
      try copy(tensor, to: &sink)
      return try report(tensor.byteCount)
    }
    let (columns, rows) = (tensor.columns, tensor.rows)
    let rowBytes = entry.byteCount / rows
    // Four megabytes of floats: small beside a model, and work for many threads.
    let step = max(1, (1 << 20) / columns)
    let floats = try tensor.floatRows()
    var output: [UInt8] = []
    for first in stride(from: 0, to: rows, by: step) {
      let part = first..<min(first + step, rows)
      if output.count != part.count * rowBytes {
        output = [UInt8](repeating: 0, count: part.count * rowBytes)
      }
      do {
        try unsafe quantizer.quantize(
          part, columns: columns, as: entry.type, importance: entry.importance, into: &output
        ) { row, values in unsafe floats.read(row: row, into: values) }
      } catch {
        throw CheckpointError(
          .outOfRange, path: source, at: .tensor(tensor.name),
          found: "\(error.found) at \(error.subject)", expected: error.expected,
          remedy: "the source is damaged, or this type cannot hold it")
      }
      tensor.releasePages(ofRows: part)
      try sink.write(output.span)
      try report(tensor.byteCount / rows * part.upperBound)
    }
  }
  /// Writes the rows as they are, a megabyte at a time, so that little of the file is held in memory.
  private func copy(_ tensor: CheckpointTensor, to sink: inout TensorSink) throws(CheckpointError) {
    let step = max(1, (1 << 20) / max(tensor.rowByteCount, 1))
    var memory = [UInt8](repeating: 0, count: min(step, tensor.rows) * tensor.rowByteCount)
    for first in stride(from: 0, to: tensor.rows, by: step) {
      let part = first..<min(first + step, tensor.rows)
      unsafe memory.withUnsafeMutableBytes { unsafe tensor.readRows(part, into: $0) }
      try sink.write(memory.span.extracting(0..<part.count * tensor.rowByteCount))
      tensor.releasePages(ofRows: part)
    }
  }
}
