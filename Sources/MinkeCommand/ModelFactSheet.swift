internal import MinkeCheckpoints
internal import MinkeHub
internal import MinkeModels

/// What `minke show` says of a model, for people and for scripts.
struct ModelFactSheet: Encodable {
  /// The tensors of one element type.
  struct TypeShare: Encodable {
    var type: String
    var tensors: Int
    var elements: Int
    /// Bytes; nil for a type that this version does not read.
    var bytes: Int?
  }

  /// Bytes that running takes.
  struct Memory: Encodable {
    var weights: Int
    var cache: Int
    var scratch: Int
    var total: Int
    /// The tokens of context that the figures are for.
    var contextSize: Int

    init(weights: Int, cache: Int, scratch: Int, total: Int, contextSize: Int) {
      self.weights = weights
      self.cache = cache
      self.scratch = scratch
      self.total = total
      self.contextSize = contextSize
    }

    init(_ estimate: MemoryEstimate, contextSize: Int) {
      self.init(
        weights: estimate.weights, cache: estimate.cache, scratch: estimate.workspace, total: estimate.total,
        contextSize: contextSize)
    }

    private enum CodingKeys: String, CodingKey {
      case weights, cache, scratch, total
      case contextSize = "context_size"
    }
  }

  var name: String
  var title: String?
  var architecture: String?
  var parameters: Int?
  /// The share of each element type, the largest first; for a catalogue entry its usual name.
  var quantization: [TypeShare]?
  var quantizationName: String?
  var contextLength: Int?
  var license: String?
  var size: Int
  var sizeIsApproximate = false
  var hasChatTemplate: Bool?
  var isFetched: Bool
  var path: String?
  var source: String?
  /// The experts of a mixture, which need not all be in memory.
  struct Experts: Encodable {
    var count: Int
    var packedBytes: Int
    var fileBytes: Int
    /// What a token reads of the file when none of its experts is in memory.
    var fileBytesPerToken: Int
    /// The least that `--expert-memory` may be, and what running takes in all then.
    var leastMemory: Int
    var leastTotal: Int

    init?(_ estimate: MemoryEstimate) {
      guard let experts = estimate.experts else { return nil }
      (count, packedBytes, fileBytes) = (experts.count, experts.packedBytes, experts.fileBytes)
      (fileBytesPerToken, leastMemory) = (experts.fileBytesPerToken, experts.leastBudget)
      leastTotal = max(estimate.total - experts.packedBytes, 0) + experts.leastBudget
    }

    private enum CodingKeys: String, CodingKey {
      case count
      case packedBytes = "packed_bytes"
      case fileBytes = "file_bytes"
      case fileBytesPerToken = "file_bytes_per_token"
      case leastMemory = "least_memory"
      case leastTotal = "least_total"
    }
  }

  var memory: Memory?
  var experts: Experts?
  /// The same for other lengths of context, up to what the model was made for.
  var memoryByContext: [Memory]?
  /// What the model was made from.
  var base: String?
  /// Why the model cannot be run, if so.
  var problem: String?

  private enum CodingKeys: String, CodingKey {
    case name, title, architecture, parameters, quantization, license, size, path, source, memory, base,
      problem, experts
    case memoryByContext = "memory_by_context"
    case sizeIsApproximate = "size_is_approximate"
    case quantizationName = "quantization_name"
    case contextLength = "context_length"
    case hasChatTemplate = "chat_template"
    case isFetched = "fetched"
  }
}

extension ModelFactSheet {
  /// Lengths of context that people ask about.
  static let contextSizes = [4096, 8192, 32_768, 131_072]

  /// What the catalogue says of a model that is not here.
  init(_ entry: Catalogue.Entry, quantization: Quantization?) {
    let isUsual = quantization == nil || quantization?.name == entry.quantization
    self.init(
      name: entry.name.description + (isUsual ? "" : "-" + (quantization?.name.lowercased() ?? "")),
      title: entry.title,
      architecture: entry.architecture, parameters: entry.parameters,
      quantizationName: quantization?.name ?? (entry.quantization.isEmpty ? nil : entry.quantization),
      contextLength: entry.contextLength, license: entry.license, size: entry.size, isFetched: false,
      source: entry.source.description)
    base = entry.base
    sizeIsApproximate = !entry.isPinned
    let lengths = Self.contextSizes.filter { $0 <= entry.contextLength ?? .max }
    memoryByContext =
      !isUsual
      ? nil
      : lengths.compactMap { length in
        guard let total = entry.memory(contextLength: length), let cache = entry.cacheBytesPerToken else {
          return nil
        }
        return Memory(
          weights: entry.size, cache: cache * length, scratch: total - entry.size - cache * length,
          total: total,
          contextSize: length)
      }
    if !ArchitectureRegistry.names.contains(entry.architecture) {
      problem = "this version does not run the architecture \(entry.architecture)"
    }
  }

  /// What the store says of a model in safetensors.
  init(_ manifest: Manifest, path: String) {
    self.init(
      name: manifest.name.description, title: manifest.title, architecture: manifest.architecture,
      quantizationName: "safetensors", license: manifest.license, size: manifest.size, isFetched: true,
      path: path,
      source: manifest.source)
    base = manifest.base
  }

  /// What a file says of itself, and what the store adds.
  init(_ file: any Checkpoint, path: String, manifest: Manifest?) {
    let summary = file.summary
    self.init(
      name: manifest?.name.description ?? summary.name ?? path, title: manifest?.title ?? summary.name,
      architecture: summary.architecture, parameters: summary.parameterCount,
      quantization: summary.types.map {
        TypeShare(type: $0.name, tensors: $0.tensorCount, elements: $0.elementCount, bytes: $0.byteCount)
      },
      contextLength: summary.contextLength, license: manifest?.license ?? summary.license,
      size: summary.fileSize, hasChatTemplate: file.metadata["tokenizer.chat_template"] != nil,
      isFetched: true, path: path, source: manifest?.source)
    base = manifest?.base
  }
}

extension ModelFactSheet {
  /// A line a fact, the names in one column. Text from the file is shown with control characters escaped.
  var text: String {
    var lines: [(String, String)] = [("name", quotedPlain(name))]
    func add(_ label: String, _ value: String?) {
      if let value { lines.append((label, quotedPlain(value))) }
    }
    add("model", title)
    add("architecture", architecture)
    add("parameters", parameters.map(Self.countText))
    add("quantisation", quantization.map(Self.mixText) ?? quantizationName)
    add("context", contextLength.map { "\($0) tokens" })
    add("licence", license)
    add("made from", base)
    add("size", (sizeIsApproximate ? "about " : "") + byteText(size))
    add("chat template", hasChatTemplate.map { $0 ? "yes" : "no" })
    add(
      "memory",
      memory.map {
        "\(byteText($0.total)) with a context of \($0.contextSize) tokens (weights "
          + "\(byteText($0.weights)), context \(byteText($0.cache)), working room \(byteText($0.scratch)))"
      })
    for (index, other) in (memoryByContext ?? []).enumerated() {
      let isFirst = index == 0 && memory == nil
      add(isFirst ? "memory" : "", "\(byteText(other.total)) with a context of \(other.contextSize) tokens")
    }
    add(
      "experts",
      experts.map {
        "\($0.count), \(byteText($0.packedBytes)) of the weights; they can stay in the file with --expert-memory, from "
          + "\(byteText($0.leastMemory)) on (\(byteText($0.leastTotal)) in all), and a token then reads up to "
          + "\(byteText($0.fileBytesPerToken))"
      })
    add("file", path)
    add("source", source)
    if !isFetched { add("here", "no: 'minke pull \(name)' fetches it") }
    add("cannot run", problem)
    let width = lines.map(\.0.count).max() ?? 0
    return lines.map { label, value in
      label + String(repeating: " ", count: width - label.count) + "  " + value + "\n"
    }.joined()
  }

  /// `134.5 M`, powers of 1000.
  private static func countText(_ count: Int) -> String {
    let units = [(1_000_000_000, " billion"), (1_000_000, " million")]
    for (size, name) in units where count >= size {
      let tenths = count / (size / 10)
      return "\(tenths / 10).\(tenths % 10)\(name)"
    }
    return "\(count)"
  }

  /// `Q4_K 61 %, Q6_K 33 %, F32 6 %` by bytes.
  private static func mixText(_ types: [TypeShare]) -> String {
    let total = Double(max(types.reduce(0.0) { $0 + Double($1.bytes ?? 0) }, 1))
    return types.map { share in
      guard let bytes = share.bytes else { return "\(share.type) (not supported)" }
      let percent = Double(bytes) / total * 100
      return "\(share.type) \(percent < 1 ? "<1" : "\(Int(percent.rounded()))") %"
    }.joined(separator: ", ")
  }

  private func quotedPlain(_ text: String) -> String {
    printable(text, limit: 400)
  }
}
