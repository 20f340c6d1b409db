internal import MinkeTensors

/// A model in GGUF format, versions 2 and 3, mapped read-only: one file, or all parts of a split one.
///
/// Opening reads and checks everything before the tensor data. Whether the data is there is checked on use:
/// a truncated file still gives its metadata, tokenizer and template, and refuses a tensor it does not hold.
///
///     let file = try GGUFFile(path: "model.gguf")
///     let architecture = try file.metadata.requiredString("general.architecture")
///     let embedding = try file.tensor(named: "token_embd.weight")
public struct GGUFFile: Sendable {
  /// The path of the first part.
  public let path: String
  /// The version of the format, 2 or 3.
  public let version: UInt32
  /// Of the first part.
  public let metadata: Metadata
  /// Every tensor of every part, in file order, as the headers announce them.
  public let tensors: [TensorRecord]
  /// The files, in order.
  package let parts: [MappedFile]
  /// Bytes of all files together.
  public let fileSize: Int
  /// Index in `parts` of each element of `tensors`.
  private let partOfTensor: [Int]
  private let indexOfName: [String: Int]

  /// Opens the model at `path`. For a model that is split in parts, the path of any part opens all; a program that
  /// carries a model opens as that.
  public init(path: String) throws(CheckpointError) {
    let file = try MappedFile(path: path)
    if let bundle = try BundleFile(file) {
      try self.init(bundle)
      return
    }
    let header = try GGUFHeader(reading: file)
    try self.init(GGUFParts.open(file, header))
  }

  /// Opens the model that a bundle carries, where it lies.
  package init(_ bundle: BundleFile) throws(CheckpointError) {
    var parts: [(MappedFile, GGUFHeader)] = []
    for file in try bundle.openFiles() { parts.append((file, try GGUFHeader(reading: file))) }
    try self.init(parts)
  }

  /// Reads a model from bytes in memory; `name` is what messages call it.
  package init(bytes: some Collection<UInt8>, name: String = "memory") throws(CheckpointError) {
    let file = MappedFile(copying: bytes, path: name)
    try self.init([(file, GGUFHeader(reading: file))])
  }

  /// The files of one model, in order; there is at least one.
  private init(_ files: [(file: MappedFile, header: GGUFHeader)]) throws(CheckpointError) {
    let first = files[0]
    path = first.file.path
    version = first.header.version
    metadata = first.header.metadata
    parts = files.map(\.file)
    fileSize = files.reduce(0) { $0 + $1.file.count }
    var tensors: [TensorRecord] = []
    var partOfTensor: [Int] = []
    var indexOfName: [String: Int] = [:]
    for (part, file) in files.enumerated() {
      for tensor in file.header.tensors {
        guard indexOfName.updateValue(tensors.count, forKey: tensor.name) == nil else {
          throw CheckpointError(
            .malformed, path: file.file.path, at: .tensor(tensor.name),
            found: "a tensor that an earlier part holds", expected: "every tensor once")
        }
        tensors.append(tensor)
        partOfTensor.append(part)
      }
    }
    (self.tensors, self.partOfTensor, self.indexOfName) = (tensors, partOfTensor, indexOfName)
  }
}

extension GGUFFile {
  /// Gives back the memory of the pages before the tensors: vocabularies take megabytes, of which a tokenizer has its
  /// own copy. They remain readable.
  package func releaseMetadataPages() {
    for (index, part) in parts.enumerated() {
      let offsets = tensors.indices.lazy.filter { partOfTensor[$0] == index }.map { tensors[$0].offset }
      part.releasePages(of: 0..<min(offsets.min() ?? 0, part.count))
    }
  }
}

// MARK: Tensors

extension GGUFFile {
  /// Whether the header announces a tensor of this name.
  public func hasTensor(named name: String) -> Bool { indexOfName[name] != nil }

  /// The tensor of this name. Throws when there is none, when its type is not supported, or when its data
  /// lies beyond the end of the file.
  public func tensor(named name: String) throws(CheckpointError) -> StoredTensor {
    guard let index = indexOfName[name] else {
      throw CheckpointError(
        .missing, path: path, at: .tensor(name), found: "no such tensor",
        expected: "one, as the model's architecture has it")
    }
    return try stored(index)
  }

  /// The tensor of this name, which must have exactly these dimensions (in file order: columns first).
  public func tensor(named name: String, dimensions: [Int]) throws(CheckpointError) -> StoredTensor {
    let tensor = try tensor(named: name)
    try checkShape(tensor.dimensions, is: dimensions, of: name)
    return tensor
  }

  /// Checks that every tensor is of a supported type and lies within its file. Throws for the first, in file
  /// order, that does not.
  public func validateTensors() throws(CheckpointError) {
    for index in tensors.indices { _ = try stored(index) }
  }

  private func stored(_ index: Int) throws(CheckpointError) -> StoredTensor {
    let record = tensors[index]
    let file = parts[partOfTensor[index]]
    guard let type = record.type, let byteCount = record.byteCount else {
      throw CheckpointError(
        .unsupported, path: file.path, at: .tensor(record.name),
        found: "type \(record.typeName) (\(record.typeNumber)), which this version does not read",
        expected: ElementType.allCases.map(\.description).joined(separator: ", "),
        remedy: "get the model in one of these types")
    }
    // Does not overflow: checked with the header.
    let end = record.offset + byteCount
    guard end <= file.count else {
      throw CheckpointError(
        .truncated, path: file.path, at: .tensor(record.name),
        found: "data up to byte \(end), beyond the end of the file",
        expected: "at most \(file.count), the length of the file",
        remedy: "the file is incomplete: fetch it again")
    }
    return StoredTensor(
      name: record.name, dimensions: record.dimensions, type: type, byteRange: record.offset..<end,
      file: file)
  }
}
