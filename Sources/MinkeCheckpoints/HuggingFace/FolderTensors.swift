internal import MinkeTensors

/// The GGUF tensors of a folder, and what each is made from.
struct FolderTensors {
  /// In the order of a model's layers.
  let records: [TensorRecord]
  let sources: [String: FolderTensor]
  /// Rows of the embedding.
  let vocabularySize: Int

  init(_ shards: FolderShards, _ configuration: FolderConfiguration, path: String) throws(CheckpointError) {
    let found = try FoundTensors(shards, configuration)
    try found.checkOutput(configuration, path: path)
    var tensors = try found.tensors(configuration)
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

  static func failure(
    _ kind: CheckpointError.Kind, _ tensor: SafetensorsTensor, _ found: String, _ expected: String
  ) -> CheckpointError {
    CheckpointError(kind, path: tensor.file.path, at: .tensor(tensor.name), found: found, expected: expected)
  }
}
