/// Which file of a folder holds which tensor: `model.safetensors.index.json`.
struct ShardIndex {
  /// The files, each once, in the order of their names.
  let fileNames: [String]
  /// By tensor.
  let fileOfTensor: [String: String]

  static let fileLimit = 4096
  static let sizeLimit = 64 << 20

  init(_ bytes: [UInt8], path: String) throws(CheckpointError) {
    var reader = try JSONReader(bytes, path: path)
    var fileOfTensor: [String: String] = [:]
    var hasMap = false
    try reader.object { (reader, key) throws(CheckpointError) in
      guard key == "weight_map" else { return try reader.skip() }
      guard !hasMap else { throw reader.failure("weight_map a second time", "one") }
      hasMap = true
      try reader.object { (reader, tensor) throws(CheckpointError) in
        let name = try reader.string()
        guard FolderFiles.isPlainName(name), name.hasSuffix(".safetensors") else {
          throw CheckpointError(
            .malformed, path: path, at: .tensor(tensor), found: "the file name \"\(printable(name))\"",
            expected: "the name of a .safetensors file in the same folder, without a path")
        }
        guard fileOfTensor.updateValue(name, forKey: tensor) == nil, fileOfTensor.count <= GGUFLimits.tensors
        else {
          throw CheckpointError(
            .malformed, path: path, at: .tensor(tensor), found: "the name a second time, or too many",
            expected: "every tensor once, at most \(GGUFLimits.tensors)")
        }
      }
    }
    try reader.finish()
    let names = Set(fileOfTensor.values)
    guard !names.isEmpty, names.count <= Self.fileLimit else {
      throw CheckpointError(
        .malformed, path: path, at: .key("weight_map"), found: "\(names.count) files",
        expected: "1 to \(Self.fileLimit)")
    }
    self.fileOfTensor = fileOfTensor
    fileNames = names.sorted()
  }
}
