package import MinkeTensors

/// How much each input column of a model's matrices matters: the mean square of what the column is multiplied by, over
/// some text.
///
/// Kept in files as llama.cpp's tools read and write them (``init(path:)``, ``write(to:)``).
package struct ImportanceMatrix: Sendable, Equatable {
  /// What is known of one tensor.
  package struct Entry: Sendable, Equatable {
    /// Σ x² for each column, for one matrix after the other where there is one for each expert.
    package var sums: [Float]
    /// For each matrix, over how many tokens; one number for all in the older format.
    package var counts: [Float]

    package init(sums: [Float], counts: [Float]) {
      self.sums = sums
      self.counts = counts
    }
  }

  /// By the names of the tensors.
  package var entries: [String: Entry]
  /// What was read.
  package var datasets: [String]
  package var chunkCount: Int
  /// Tokens of a chunk.
  package var chunkSize: Int
  /// Where it was read from, for messages and for the files made with it.
  package var path: String

  package init(
    entries: [String: Entry], datasets: [String], chunkCount: Int, chunkSize: Int, path: String = "memory"
  ) {
    self.entries = entries
    self.datasets = datasets
    self.chunkCount = chunkCount
    self.chunkSize = chunkSize
    self.path = path
  }

  /// The weights of a tensor's columns, whose mean is 1 in each matrix; nil where nothing is known of the tensor.
  ///
  /// A matrix that met no token, such as that of an expert that was never chosen, has even weights.
  ///
  /// - Throws: ``CheckpointError`` where the entry is of another shape, or holds what is no mean square.
  package func weights(
    of name: String, dimensions: [Int]
  ) throws(CheckpointError) -> WeightQuantizer.Importance? {
    guard let entry = entries[name] else { return nil }
    let (columns, matrices) = (dimensions[0], dimensions.dropFirst(2).reduce(1, *))
    let (expected, overflow) = columns.multipliedReportingOverflow(by: matrices)
    guard !overflow, entry.sums.count == expected, [1, matrices].contains(entry.counts.count) else {
      throw CheckpointError(
        .malformed, path: path, at: .tensor(name),
        found: "\(entry.sums.count) sums and \(entry.counts.count) counts",
        expected: "\(columns) columns of \(matrices) matrices, as the model has",
        remedy: "the importance matrix is of another model")
    }
    if let index = entry.sums.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw CheckpointError(
        .outOfRange, path: path, at: .tensor(name),
        found: "\(entry.sums[index]) for column \(index % columns)",
        expected: "a sum of squares")
    }
    var weights = [Float](repeating: 1, count: expected)
    for matrix in 0..<matrices where entry.counts[min(matrix, entry.counts.count - 1)] > 0 {
      let range = matrix * columns..<(matrix + 1) * columns
      let mean = entry.sums[range].reduce(0.0) { $0 + Double($1) } / Double(columns)
      guard mean > 0 else { continue }
      for index in range { weights[index] = Float(Double(entry.sums[index]) / mean) }
    }
    return WeightQuantizer.Importance(weights, rowsPerMatrix: dimensions.count > 1 ? dimensions[1] : 1)
  }

  /// What a model made with it says, by the keys of llama.cpp's tools.
  var provenance: [(key: String, value: MetadataValue)] {
    [("quantize.imatrix.file", .string(path))]
      + datasets.prefix(1).map { ("quantize.imatrix.dataset", .string($0)) } + [
        ("quantize.imatrix.entries_count", .uint32(UInt32(clamping: entries.count))),
        ("quantize.imatrix.chunks_count", .uint32(UInt32(clamping: chunkCount))),
      ]
  }
}
