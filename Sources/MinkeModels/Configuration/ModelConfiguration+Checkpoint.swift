package import MinkeCheckpoints

extension ModelConfiguration {
  /// The configuration that a checkpoint states, checked. Reads the headers only: tensors' data is not
  /// needed.
  package init(_ file: any Checkpoint) throws(CheckpointError) {
    let architecture = try ArchitectureRegistry.architecture(of: file.metadata)
    let reader = HyperparameterReader(metadata: file.metadata, architecture: architecture.name)
    let vocabularySize = try Self.vocabularySize(file, reader)
    self = try architecture.configuration(reader, vocabularySize: vocabularySize)
  }

  /// The embedding's rows, which must agree with what the metadata say of the vocabulary.
  private static func vocabularySize(
    _ file: any Checkpoint, _ reader: HyperparameterReader
  ) throws(CheckpointError) -> Int {
    let name = "token_embd.weight"
    guard let embedding = file.tensors.first(where: { $0.name == name }) else {
      throw CheckpointError(
        .missing, path: file.path, at: .tensor(name), found: "no such tensor",
        expected: "the embedding of a model", remedy: "a vocabulary-only file cannot be run")
    }
    let range = HyperparameterReader.vocabularies
    guard embedding.dimensions.count == 2, range.contains(embedding.dimensions[1]) else {
      throw CheckpointError(
        .malformed, path: file.path, at: .tensor(name),
        found: "the shape \(embedding.dimensions.map(String.init).joined(separator: " × "))",
        expected: "two dimensions, the second \(range.lowerBound) to \(range.upperBound)")
    }
    let rows = embedding.dimensions[1]
    if let stated = try reader.optionalInteger("vocab_size", in: range), stated != rows {
      throw reader.invalid("vocab_size", expected: "\(rows), the rows of \(name)")
    }
    let key = "tokenizer.ggml.tokens"
    if let tokens = try file.metadata.array(key), tokens.count != rows {
      throw file.metadata.invalid(key, expected: "\(rows) tokens, the rows of \(name)")
    }
    return rows
  }
}

extension HyperparameterReader {
  /// What families without experts have in common.
  func denseDecoder(
    vocabularySize: Int, layout: RotaryEmbedding.Layout
  ) throws(CheckpointError) -> ModelConfiguration {
    try requireDense()
    return try decoder(vocabularySize: vocabularySize, layout: layout)
  }

  /// What families have in common: the sizes, grouped-query attention, one rotation for all layers.
  func decoder(
    vocabularySize: Int, layout: RotaryEmbedding.Layout
  ) throws(CheckpointError) -> ModelConfiguration {
    let attention = try attention(hiddenSize: try integer("embedding_length", in: Self.sizes))
    return try decoder(
      vocabularySize: vocabularySize, attention: attention,
      rotary: try rotary(layout, keyLength: attention.keyLength))
  }

  func decoder(
    vocabularySize: Int, attention: AttentionConfiguration, rotary: RotaryEmbedding
  ) throws(CheckpointError) -> ModelConfiguration {
    ModelConfiguration(
      architecture: architecture,
      vocabularySize: vocabularySize,
      contextLength: try integer("context_length", in: Self.contexts),
      hiddenSize: try integer("embedding_length", in: Self.sizes),
      layerCount: try integer("block_count", in: Self.counts),
      feedForwardSize: try feedForwardSize(),
      normEpsilon: Float(try float("attention.layer_norm_rms_epsilon", in: 1e-12...1)),
      attention: attention, rotary: rotary, localRotary: rotary, pooling: try pooling())
  }

  /// Some files of models whose every layer has experts do not state the width of a dense network.
  private func feedForwardSize() throws(CheckpointError) -> Int {
    let (name, expertName) = ("feed_forward_length", "expert_feed_forward_length")
    guard metadata[key(name)] == nil, metadata[key(expertName)] != nil else {
      return try integer(name, in: Self.sizes)
    }
    return try integer(expertName, in: Self.sizes)
  }
}
