/// The tensors of a folder's files, sorted by what they become.
struct FoundTensors {
  private var single: [String: (source: SafetensorsTensor, treatment: FolderFamily.Treatment)] = [:]
  /// The matrices of a layer's experts, by their numbers.
  private var experts: [String: [Int: SafetensorsTensor]] = [:]
  /// By the name of the tensor that they scale.
  private var scales: [String: SafetensorsTensor] = [:]

  init(_ shards: FolderShards, _ configuration: FolderConfiguration) throws(CheckpointError) {
    let family = configuration.family
    let predicting = try configuration.predictingLayers
    for tensor in shards.files.lazy.flatMap(\.tensors) {
      if let layer = FolderFamily.layer(of: tensor.name), layer >= configuration.layerCount {
        guard layer - configuration.layerCount < predicting else {
          throw FolderTensors.failure(
            .malformed, tensor, "a tensor of layer \(layer)",
            "one of the \(configuration.layerCount) layers, as config.json says")
        }
        continue
      }
      switch family.meaning(of: tensor.name) {
      case .ignored: break
      case .scales(let name): scales[name] = tensor
      case .tensor(let name, let treatment):
        guard single.updateValue((tensor, treatment), forKey: name) == nil else {
          throw FolderTensors.failure(.malformed, tensor, "a second tensor that is \(name)", "one")
        }
      case .expert(let name, let index):
        let count = configuration.experts?.count ?? 0
        guard index < count else {
          throw FolderTensors.failure(
            .malformed, tensor, "expert \(index)", "one of the \(count) experts, as config.json says")
        }
        guard experts[name, default: [:]].updateValue(tensor, forKey: index) == nil else {
          throw FolderTensors.failure(.malformed, tensor, "a second expert \(index) of \(name)", "one")
        }
      case nil:
        throw FolderTensors.failure(
          .unsupported, tensor, "a tensor that \(family.architecture) does not have",
          "the architecture's tensors only")
      }
    }
    let isTied = configuration.isTied ?? (family == .gemma3)
    if isTied { single["output.weight"] = nil }
  }

  /// - Throws: when the output matrix is its own and is not there.
  func checkOutput(_ configuration: FolderConfiguration, path: String) throws(CheckpointError) {
    guard configuration.isTied == false, single["output.weight"] == nil else { return }
    throw CheckpointError(
      .missing, path: path, at: .tensor("lm_head.weight"), found: "no such tensor",
      expected: "an output matrix, as tie_word_embeddings is false")
  }

  /// The GGUF tensors, in no order.
  func tensors(_ configuration: FolderConfiguration) throws(CheckpointError) -> [FolderTensor] {
    var scales = scales
    var tensors: [FolderTensor] = []
    // Sorted, so that of several errors the same is reported always.
    for (name, (source, treatment)) in single.sorted(by: { $0.key < $1.key }) {
      let input = ScaledTensor(source, scales: scales.removeValue(forKey: source.name))
      if treatment == .keysAndValues, let latent = configuration.latent {
        tensors += try FolderTensor.keysAndValues(name: name, input, latent, configuration)
      } else {
        tensors.append(try FolderTensor(name: name, input, treatment, configuration))
      }
    }
    for (name, parts) in experts.sorted(by: { $0.key < $1.key }) {
      let count = configuration.experts?.count ?? 0
      var inputs: [ScaledTensor] = []
      for index in 0..<count {
        guard let source = parts[index] else { throw Self.missing(index, of: parts, count) }
        inputs.append(ScaledTensor(source, scales: scales.removeValue(forKey: source.name)))
      }
      tensors.append(try FolderTensor(name: name, experts: inputs, configuration))
    }
    let orphans = scales.values.filter { !Self.isLeftOut($0.name, configuration.family) }
    if let orphan = orphans.min(by: { $0.name < $1.name }) {
      throw FolderTensors.failure(
        .malformed, orphan, "scales without their tensor", "the tensor that they scale")
    }
    return tensors
  }

  /// The error of an expert that no file has, at one that is there.
  private static func missing(
    _ index: Int, of parts: [Int: SafetensorsTensor], _ count: Int
  ) -> CheckpointError {
    let some = parts.min { $0.key < $1.key }
    return CheckpointError(
      .missing, path: some?.value.file.path ?? "", at: .tensor(some?.value.name ?? ""),
      found: "no such tensor of expert \(index)", expected: "one for each of the \(count) experts",
      remedy: "fetch all of the model's files")
  }

  /// Whether scales are of a tensor that is left out: vision, or an output matrix that is the embedding.
  private static func isLeftOut(_ name: String, _ family: FolderFamily) -> Bool {
    guard case .scales(let weight) = family.meaning(of: name), let meaning = family.meaning(of: weight) else {
      return false
    }
    return meaning == .ignored || meaning == .tensor(name: "output.weight", .kept)
  }
}
