/// A model as it is published on Hugging Face, read as if it were a GGUF file: a folder with `config.json`, `tokenizer.json`
/// and the weights in safetensors format, in one file or in shards with an index.
///
/// Opening reads the small files and the shards' headers and checks them; that a tensor's data is there, and its scales
/// are numbers, is checked when it is used.
package struct HuggingFaceFolder: Checkpoint {
  package let path: String
  package let metadata: Metadata
  package let tensors: [TensorRecord]
  package let fileSize: Int
  /// `config.json`, then the shards.
  package let parts: [MappedFile]
  private let sources: [String: FolderTensor]

  package var recipe: Int { 1 }

  package init(path: String) throws(CheckpointError) {
    let files = try FolderFiles(path)
    guard let configurationFile = try files.open("config.json") else {
      throw CheckpointError(
        .missing, path: files.path, at: .file, found: "a folder without config.json",
        expected:
          "a model in Hugging Face layout: config.json, tokenizer.json and .safetensors files, or a .gguf file"
      )
    }
    guard let fields = try files.fields("config.json", limit: FolderConfiguration.sizeLimit) else {
      throw CheckpointError(
        .unreadable, path: files.path + "/config.json", at: .file, found: "no file any more",
        expected: "a file")
    }
    let configuration = try FolderConfiguration(fields)
    let shards = try FolderShards(files)
    let plan = try FolderTensors(shards, configuration, path: files.path)
    self.path = files.path
    tensors = plan.records
    sources = plan.sources
    parts = [configurationFile] + shards.files.map(\.file)
    fileSize = parts.reduce(0) { $0 + $1.count }
    metadata = try Self.metadata(files, configuration, vocabularySize: plan.vocabularySize)
  }

  private static func metadata(
    _ files: FolderFiles, _ configuration: FolderConfiguration, vocabularySize: Int
  ) throws(CheckpointError) -> Metadata {
    var keys = KeyList(path: files.path)
    keys.set("general.architecture", configuration.family.architecture)
    keys.set("general.type", "model")
    keys.set("general.name", files.name)
    let generation = try files.fields("generation_config.json", limit: GenerationDefaults.sizeLimit)
    if let generation { try GenerationDefaults(fields: generation).write(to: &keys) }
    try configuration.write(to: &keys, vocabularySize: vocabularySize)
    try TokenizerKeys(files, configuration, generation: generation)
      .write(to: &keys, vocabularySize: vocabularySize)
    return keys.metadata
  }

  package func hasTensor(named name: String) -> Bool { sources[name] != nil }

  package func weight(named name: String) throws(CheckpointError) -> CheckpointTensor {
    guard let source = sources[name] else {
      throw CheckpointError(
        .missing, path: path, at: .tensor(name), found: "no such tensor",
        expected: "one, as the model's architecture has it")
    }
    return try source.tensor()
  }

  /// What lies in memory is needed by whoever copies the metadata.
  package func releaseMetadataPages() {}
}

/// The safetensors files of a folder.
struct FolderShards {
  let files: [SafetensorsFile]

  init(_ folder: FolderFiles) throws(CheckpointError) {
    let (single, indexName) = ("model.safetensors", "model.safetensors.index.json")
    if let file = try folder.open(single) {
      files = [try SafetensorsFile(file)]
      return
    }
    guard let bytes = try folder.read(indexName, limit: ShardIndex.sizeLimit) else {
      throw CheckpointError(
        .missing, path: folder.path, at: .file, found: "a folder with neither \(single) nor \(indexName)",
        expected: "weights in safetensors format",
        remedy: "other formats of weights run code when they are read")
    }
    let index = try ShardIndex(bytes, path: folder.path + "/" + indexName)
    files = try index.fileNames.map { (name) throws(CheckpointError) in
      guard let file = try folder.open(name) else {
        throw CheckpointError(
          .missing, path: folder.path + "/" + name, at: .file, found: "no such file",
          expected: "a shard of the model, as \(indexName) says", remedy: "fetch all of the model's files")
      }
      return try SafetensorsFile(file)
    }
    try check(index, folder.path + "/" + indexName)
  }

  /// The index and the shards must tell the same.
  private func check(_ index: ShardIndex, _ path: String) throws(CheckpointError) {
    var found = Set<String>()
    for (file, name) in zip(files, index.fileNames) {
      for tensor in file.tensors
      where index.fileOfTensor[tensor.name] != name || !found.insert(tensor.name).inserted {
        throw CheckpointError(
          .malformed, path: file.file.path, at: .tensor(tensor.name),
          found: "a tensor that the index has elsewhere",
          expected: "every tensor in the file that the index names")
      }
    }
    if let missing = index.fileOfTensor.first(where: { !found.contains($0.key) }) {
      throw CheckpointError(
        .malformed, path: path, at: .tensor(missing.key), found: "no such tensor in \(missing.value)",
        expected: "every tensor in the file that the index names")
    }
  }
}
