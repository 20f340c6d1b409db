package import MinkeTensors

/// Decides which element type each tensor of a model gets.
///
/// A pure value: the decision depends on a tensor's name and shape, a few hyper-parameters and what the user asks for. The
/// mixtures are those that users of GGUF know: matrices whose errors do most harm get more bits, which are the output,
/// the values of attention and the inner matrix of the feed-forward network, the last two in some layers only.
package struct TensorMixture: Sendable {
  /// What of the model matters.
  package struct Shape: Sendable, Equatable {
    package var architecture: String
    package var layerCount: Int
    package var headCount: Int
    package var keyValueHeadCount: Int
    /// 0 for a dense model.
    package var expertCount: Int
    /// Whether there is an output matrix beside the embedding.
    package var hasOutput: Bool

    package init(
      architecture: String, layerCount: Int, headCount: Int = 1, keyValueHeadCount: Int = 1,
      expertCount: Int = 0, hasOutput: Bool = false
    ) {
      self.architecture = architecture
      self.layerCount = layerCount
      self.headCount = headCount
      self.keyValueHeadCount = keyValueHeadCount
      self.expertCount = expertCount
      self.hasOutput = hasOutput
    }

    /// Query heads that share a key head.
    var headsPerKey: Int { headCount / max(keyValueHeadCount, 1) }
    /// Values are shared by eight heads there, and so cheap to keep well.
    var hasSeventyBillionParameters: Bool { layerCount == 80 && headsPerKey > 1 && expertCount == 0 }
  }

  /// What the user asks for beside the file type.
  package struct Options: Sendable, Equatable {
    /// The type of `output.weight`, or of the embedding where it takes its place.
    package var outputType: ElementType?
    package var embeddingType: ElementType?
    /// No mixture: every matrix in the file type's element type.
    package var isPure = false

    package init(outputType: ElementType? = nil, embeddingType: ElementType? = nil, isPure: Bool = false) {
      self.outputType = outputType
      self.embeddingType = embeddingType
      self.isPure = isPure
    }
  }

  package let fileType: FileType
  package let shape: Shape
  package let options: Options
  package let hasImportance: Bool

  package init(
    _ fileType: FileType, _ shape: Shape, options: Options = Options(), hasImportance: Bool = false
  ) {
    self.fileType = fileType
    self.shape = shape
    self.options = options
    self.hasImportance = hasImportance
  }

  /// The type that a tensor gets; nil for one that stays as it is.
  package func type(of name: String, dimensions: [Int]) -> ElementType? {
    guard Self.isQuantizable(name, dimensions), let columns = dimensions.first else { return nil }
    return Self.fitting(wanted(name, columns), columns: columns)
  }

  /// Matrices are, but for those that are small and decide much: norms, the routers of experts, convolutions.
  static func isQuantizable(_ name: String, _ dimensions: [Int]) -> Bool {
    let excluded = ["_norm.weight", "ffn_gate_inp", "ssm_conv1d", "shortconv", "altup", "laurel"]
    // Rows of a matrix that is a vector in truth are not worth it.
    return name.hasSuffix("weight") && dimensions.dropFirst().contains { $0 > 1 }
      && !excluded.contains { name.contains($0) }
  }

  /// `type`, or the one nearest to it whose blocks make up rows of so many columns.
  static func fitting(_ type: ElementType, columns: Int) -> ElementType {
    if columns.isMultiple(of: type.blockSize) { return type }
    let smaller: ElementType =
      switch type {
      case .q2_K, .q3_K, .iq4_xs: .iq4_nl
      case .q4_K: .q5_0
      case .q5_K: .q5_1
      case .q6_K: .q8_0
      default: .f16
      }
    return columns.isMultiple(of: smaller.blockSize) ? smaller : .f16
  }
}

// MARK: The mixtures

extension TensorMixture {
  private func wanted(_ name: String, _ columns: Int) -> ElementType {
    let base = fileType.elementType
    let isEmbedding = name == "token_embd.weight"
    if isEmbedding, let type = options.embeddingType { return type }
    if name == "output.weight" || (isEmbedding && !shape.hasOutput) {
      return options.outputType ?? (isMixed ? output(base, columns) : base)
    }
    guard isMixed else { return base }
    if Self.valueMatrices.contains(where: name.contains) { return values(base, layer(name)) }
    if name.contains("attn_k.weight"), shape.expertCount == 8 { return .q8_0 }
    if name.contains("ffn_down") { return down(base, layer(name)) }
    if name.contains("attn_output.weight") { return attentionOutput(base) }
    if name.contains("attn_qkv.weight") { return joinedAttention(base) }
    return base
  }

  /// What makes the values of attention, from hidden states or from latents; keys with them where both are one matrix.
  private static let valueMatrices = ["attn_v.weight", "attn_kv_b.weight", "attn_v_b.weight"]

  private var isMixed: Bool { !options.isPure && fileType.elementType.isQuantized }

  /// The matrix that makes logits.
  private func output(_ base: ElementType, _ columns: Int) -> ElementType {
    base == .q8_0 || !columns.isMultiple(of: base.blockSize) ? .q8_0 : .q6_K
  }

  /// The values of attention.
  private func values(_ base: ElementType, _ layer: Int) -> ElementType {
    if shape.expertCount == 8 { return .q8_0 }
    let type: ElementType =
      switch fileType {
      case .q2_K: shape.headsPerKey >= 4 ? .q4_K : .q3_K
      case .q3_K_M: layer < 2 ? .q5_K : .q4_K
      case .iq4_nl, .iq4_xs: shape.headsPerKey >= 4 ? .q5_K : base
      case .q4_K_M, .q5_K_M: deservesMore(layer) ? .q6_K : base
      case .q4_K_S: layer < 4 ? .q5_K : base
      default: base
      }
    return shape.hasSeventyBillionParameters && (type == .q3_K || type == .q4_K) ? .q5_K : type
  }

  /// The second matrix of the feed-forward network.
  private func down(_ base: ElementType, _ layer: Int) -> ElementType {
    let isEarly = layer < shape.layerCount / 8
    return switch fileType {
    case .q2_K: .q3_K
    case .q3_K_M: layer < shape.layerCount / 16 ? .q5_K : .q4_K
    case .q4_K_M, .q5_K_M: deservesMore(layer) ? .q6_K : base
    case .q4_K_S: isEarly ? .q5_K : base
    case .iq4_nl, .iq4_xs: isEarly && !hasImportance ? .q5_K : base
    // With an importance that is far from even, blocks without a minimum can go astray.
    case .q4_0: isEarly && hasImportance ? .q4_1 : base
    case .q5_0: isEarly && hasImportance ? .q5_1 : base
    default: base
    }
  }

  private func attentionOutput(_ base: ElementType) -> ElementType {
    if shape.expertCount == 8 {
      return switch fileType {
      case .q2_K, .q3_K_M, .q4_K_S, .q4_K_M, .iq4_nl, .iq4_xs: .q5_K
      default: base
      }
    }
    return switch fileType {
    case .q2_K: .q3_K
    case .q3_K_M: .q4_K
    default: base
    }
  }

  /// Queries, keys and values in one matrix.
  private func joinedAttention(_ base: ElementType) -> ElementType {
    switch fileType {
    case .q3_K_M: .q4_K
    case .q4_K_M: .q5_K
    case .q5_K_M: .q6_K
    default: base
    }
  }

  /// The first and the last eighth of the layers, and every third between.
  private func deservesMore(_ layer: Int) -> Bool {
    let (count, eighth) = (shape.layerCount, shape.layerCount / 8)
    return layer < eighth || layer >= 7 * count / 8 || (layer - eighth) % 3 == 2
  }

  /// The layer of a tensor named `blk.N.…`; 0 where there is none.
  private func layer(_ name: String) -> Int {
    let parts = name.split(separator: ".")
    return parts.count > 2 && parts[0] == "blk" ? max(Int(parts[1]) ?? 0, 0) : 0
  }
}

extension TensorMixture.Shape {
  /// What a model's metadata say. Keys that are absent or of another type count as those of a small dense model: the
  /// choice of types is no matter of life and death.
  package init(_ metadata: Metadata, hasOutput: Bool) {
    let architecture: String =
      if case .string(let name) = metadata["general.architecture"] { name } else { "" }
    /// A count, or the first of a count for each layer.
    func count(_ name: String) -> Int? {
      let value = metadata[architecture + "." + name]
      let number: Int? =
        if case .array(let array) = value { array.integers?.first } else { value?.integer }
      return number.flatMap { (0...1 << 20).contains($0) ? $0 : nil }
    }
    let heads = count("attention.head_count") ?? 1
    self.init(
      architecture: architecture, layerCount: count("block_count") ?? 0, headCount: heads,
      keyValueHeadCount: count("attention.head_count_kv") ?? heads, expertCount: count("expert_count") ?? 0,
      hasOutput: hasOutput)
  }
}
