internal import MinkeTensors

/// The keys and names of an importance matrix in a GGUF file, as llama.cpp's tools have them.
private enum ImportanceKeys {
  static let type = "general.type"
  static let typeValue = "imatrix"
  static let datasets = "imatrix.datasets"
  static let chunkCount = "imatrix.chunk_count"
  static let chunkSize = "imatrix.chunk_size"
  static let sums = ".in_sum2"
  static let counts = ".counts"
}

extension ImportanceMatrix {
  /// Reads a file: GGUF, or the older format without a name for itself (`.dat`).
  package init(path: String) throws(CheckpointError) {
    let file: GGUFFile
    do {
      file = try GGUFFile(path: path)
    } catch  where error.kind == .notGGUF {
      self = try LegacyImportanceReader(MappedFile(path: path)).read()
      return
    }
    try self.init(file)
  }

  package init(_ file: GGUFFile) throws(CheckpointError) {
    let metadata = file.metadata
    guard try metadata.requiredString(ImportanceKeys.type) == ImportanceKeys.typeValue else {
      throw metadata.invalid(
        ImportanceKeys.type, expected: "\"\(ImportanceKeys.typeValue)\"",
        remedy: "make one with minke imatrix")
    }
    var entries: [String: Entry] = [:]
    for record in file.tensors where record.name.hasSuffix(ImportanceKeys.sums) {
      let name = String(record.name.dropLast(ImportanceKeys.sums.count))
      entries[name] = Entry(
        sums: try file.floats(record.name), counts: try file.floats(name + ImportanceKeys.counts))
    }
    self.init(
      entries: entries,
      datasets: try metadata.strings(ImportanceKeys.datasets).map(Array.init) ?? [],
      chunkCount: try metadata.integer(ImportanceKeys.chunkCount, in: 0...Int(UInt32.max)) ?? 0,
      chunkSize: try metadata.integer(ImportanceKeys.chunkSize, in: 0...Int(UInt32.max)) ?? 0,
      path: file.path)
    try checkEntries()
  }

  fileprivate func checkEntries() throws(CheckpointError) {
    guard !entries.isEmpty else {
      throw CheckpointError(
        .missing, path: path, at: .file, found: "no tensor", expected: "an importance for at least one")
    }
  }

  /// Writes the file, in the order of the names; it appears complete or not at all.
  package func write(to path: String, replacing: Bool = true) throws(CheckpointError) {
    _ = try writer.write(to: path, partSize: .max, replacesExisting: replacing)
  }

  package var writer: GGUFWriter {
    var writer = GGUFWriter()
    writer.set(ImportanceKeys.type, .string(ImportanceKeys.typeValue))
    writer.set(ImportanceKeys.datasets, .array(MetadataArray(strings: datasets)))
    writer.set(ImportanceKeys.chunkCount, .uint32(UInt32(clamping: chunkCount)))
    writer.set(ImportanceKeys.chunkSize, .uint32(UInt32(clamping: chunkSize)))
    for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
      let matrices = max(entry.counts.count, 1)
      writer.add(
        name + ImportanceKeys.sums, dimensions: [entry.sums.count / matrices, matrices], type: .f32,
        bytes: Self.bytes(entry.sums))
      writer.add(
        name + ImportanceKeys.counts, dimensions: [1, matrices], type: .f32, bytes: Self.bytes(entry.counts))
    }
    return writer
  }

  private static func bytes(_ values: [Float]) -> [UInt8] {
    var bytes = LittleEndianBytes()
    for value in values { bytes.append(value.bitPattern) }
    return bytes.bytes
  }
}

extension GGUFFile {
  /// All elements of a small F32 tensor.
  fileprivate func floats(_ name: String) throws(CheckpointError) -> [Float] {
    let tensor = try tensor(named: name)
    guard tensor.type == .f32 else {
      throw CheckpointError(
        .wrongType, path: path, at: .tensor(name), found: "elements of type \(tensor.type)", expected: "F32")
    }
    return (0..<tensor.byteRange.count / 4).map { index in
      // Within the tensor, whose range was checked.
      Float(bitPattern: tensor.file.load(UInt32.self, at: tensor.byteRange.lowerBound + 4 * index) ?? 0)
    }
  }
}

/// The format before GGUF: count (i32), then for each tensor the length of its name (i32), the name, the number of
/// calls (i32), the number of values (i32) and as many floats, which are calls · mean square; then, where they are not
/// missing, the number of chunks and the length and name of the text.
private struct LegacyImportanceReader {
  private var cursor: ByteCursor
  private let path: String

  init(_ file: MappedFile) {
    cursor = ByteCursor(file)
    path = file.path
  }

  consuming func read() throws(CheckpointError) -> ImportanceMatrix {
    // Name and values of one byte and one float at least.
    let count = try integer("entry count", in: 1...max(1, cursor.remaining / 17))
    var entries: [String: ImportanceMatrix.Entry] = [:]
    for index in 0..<count {
      let name = try text("name of entry \(index)", in: 1...GGUFLimits.tensorNameBytes)
      let calls = try integer("calls of entry \(index)", in: 0...Int(Int32.max))
      let values = try integer("values of entry \(index)", in: 1...max(1, cursor.remaining / 4))
      var sums: [Float] = []
      sums.reserveCapacity(values)
      for _ in 0..<values { sums.append(Float(bitPattern: try cursor.read(UInt32.self, .field("values")))) }
      entries[name] = ImportanceMatrix.Entry(sums: sums, counts: [Float(max(calls, 1))])
    }
    let chunks = cursor.remaining >= 4 ? try integer("chunk count", in: 0...Int(Int32.max)) : 0
    let dataset = cursor.remaining >= 4 ? try text("dataset", in: 0...cursor.remaining) : ""
    let matrix = ImportanceMatrix(
      entries: entries, datasets: dataset.isEmpty ? [] : [dataset], chunkCount: chunks, chunkSize: 0,
      path: path)
    try matrix.checkEntries()
    return matrix
  }

  private mutating func integer(_ field: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int {
    let offset = cursor.offset
    let value = Int(try cursor.read(Int32.self, .field(field)))
    guard range.contains(value) else {
      throw CheckpointError(
        .malformed, path: path, at: .field(field), offset: offset, found: "\(value)",
        expected: "\(range.lowerBound) to \(range.upperBound), as in an importance matrix",
        remedy: "name a file of minke imatrix or llama-imatrix")
    }
    return value
  }

  private mutating func text(_ field: String, in range: ClosedRange<Int>) throws(CheckpointError) -> String {
    let count = try integer(field, in: range)
    var bytes: [UInt8] = []
    for _ in 0..<count { bytes.append(try cursor.read(UInt8.self, .field(field))) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
