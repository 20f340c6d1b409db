internal import MinkeTensors

extension GGUFWriter {
  /// Writes the model to one file.
  public func write(to path: String) throws(CheckpointError) {
    try Self.write([(path, layout(path, metadata, tensors))])
  }

  /// Writes the model to files of about `partSize` bytes of tensor data each, named `…-00001-of-0000N.gguf`
  /// after `path`, or to `path` itself when one is enough. A tensor is never divided. Answers the paths.
  public func write(
    to path: String, partSize: Int, replacesExisting: Bool = true
  ) throws(CheckpointError) -> [String] {
    let groups = groups(partSize)
    guard groups.count > 1 else {
      try Self.write([(path, layout(path, wholeMetadata, tensors))], replacesExisting)
      return [path]
    }
    guard let count = UInt16(exactly: groups.count), let tensorCount = Int32(exactly: tensors.count) else {
      throw CheckpointError(
        .unwritable, path: path, at: .file, found: "\(groups.count) parts", expected: "at most \(UInt16.max)",
        remedy: "choose a larger part size")
    }
    let prefix = path.hasSuffix(".gguf") ? String(path.dropLast(5)) : path
    var files: [(path: String, layout: GGUFLayout)] = []
    for (index, group) in groups.enumerated() {
      let path = SplitName(prefix: prefix, number: index + 1, count: groups.count).path
      // The first part carries the metadata; how data is aligned, every part says for itself.
      var keys =
        index == 0 ? wholeMetadata : metadata.filter { $0.key == GGUFFormat.alignmentKey }
      keys.append((GGUFParts.numberKey, .uint16(UInt16(truncatingIfNeeded: index))))
      keys.append((GGUFParts.countKey, .uint16(count)))
      keys.append((GGUFParts.tensorCountKey, .int32(tensorCount)))
      files.append((path, try layout(path, keys, group)))
    }
    try Self.write(files, replacesExisting)
    return files.map(\.path)
  }

  /// The metadata without what only a part of a split model says, so that a model read from parts can be written again.
  private var wholeMetadata: [(key: String, value: MetadataValue)] {
    let ofParts = [GGUFParts.numberKey, GGUFParts.countKey, GGUFParts.tensorCountKey]
    return metadata.filter { !ofParts.contains($0.key) }
  }

  /// The bytes of a file that holds the model.
  package func serialized() throws(CheckpointError) -> [UInt8] {
    let memory = Memory()
    try layout("memory", metadata, tensors).write(path: "memory") { bytes in
      unsafe bytes.withUnsafeBufferPointer { unsafe memory.bytes.append(contentsOf: $0) }
    }
    return memory.bytes
  }

  private final class Memory {
    var bytes: [UInt8] = []
  }

  private func layout(
    _ path: String, _ metadata: [(key: String, value: MetadataValue)], _ tensors: [Tensor]
  ) throws(CheckpointError) -> GGUFLayout {
    try GGUFLayout(version: version, metadata: metadata, tensors: tensors, path: path)
  }

  /// Writes all files, and gives them their names only when all are written.
  private static func write(
    _ files: [(path: String, layout: GGUFLayout)], _ replacesExisting: Bool = true
  ) throws(CheckpointError) {
    var outputs: [OutputFile] = []
    for (path, layout) in files {
      let output = try OutputFile(path: path, replacesExisting: replacesExisting)
      try layout.write(path: path) { bytes throws(CheckpointError) in try output.write(bytes) }
      outputs.append(output)
    }
    for output in outputs { try output.commit() }
  }

  /// The tensors in order, divided into groups of at most `partSize` bytes or of one tensor.
  private func groups(_ partSize: Int) -> [[Tensor]] {
    var groups: [[Tensor]] = [[]]
    var size = 0
    for tensor in tensors {
      // Shapes that overflow are refused by the layout.
      let elements = tensor.dimensions.reduce(1, &*)
      let bytes = tensor.type.byteCount(columns: elements) ?? 0
      if !groups[groups.count - 1].isEmpty, bytes > partSize - size {
        groups.append([])
        size = 0
      }
      groups[groups.count - 1].append(tensor)
      size &+= bytes
    }
    return groups
  }
}
