internal import MinkeCheckpoints

/// The form in which a model's files come.
package enum ModelFormat: String, Codable, Sendable {
  case gguf, safetensors
}

/// What of a repository is wanted.
package struct FileRequest: Equatable, Sendable {
  /// nil: GGUF where there is any, safetensors otherwise.
  package var format: ModelFormat?
  /// A quantisation as a tag names it, or a file's name; nil: what suits this machine.
  package var tag: String?
  /// Bytes that a model may take here; nil when nobody knows.
  package var memory: Int?

  package init(format: ModelFormat? = nil, tag: String? = nil, memory: Int? = nil) {
    (self.format, self.tag, self.memory) = (format, tag, memory)
  }
}

/// The files to fetch from a repository: a pure decision over its list and this machine's memory.
package struct FileChoice: Equatable, Sendable {
  package var format: ModelFormat
  package var quantization: Quantization?
  /// In order; of GGUF files the first is the one to open.
  package var files: [ListedFile]

  package var size: Int { Self.total(files) }

  static func total(_ files: [ListedFile]) -> Int {
    files.reduce(0) { sum, file in
      let (total, overflow) = sum.addingReportingOverflow(file.size)
      return overflow ? .max : total
    }
  }

  /// - Parameter repository: for messages.
  /// - Throws: ``HubError/noSuchVariant(repository:wanted:offered:)`` and ``HubError/tooLarge(model:smallest:memory:)``.
  package static func choose(
    from files: [ListedFile], for request: FileRequest, repository: String
  ) throws(HubError) -> FileChoice {
    let variants = variants(of: files)
    if request.format != .safetensors, !variants.isEmpty {
      return try choose(from: variants, for: request, repository: repository)
    }
    if request.format != .gguf, let folder = folder(of: files) {
      // A tag that a repository of one folder cannot have is a mistake, but the ones that stand for "the" model are not.
      if let tag = request.tag, !["latest", "safetensors", "main"].contains(tag.lowercased()) {
        throw .noSuchVariant(repository: repository, wanted: tag, offered: ["safetensors"])
      }
      return folder
    }
    throw .noSuchVariant(
      repository: repository, wanted: request.format?.rawValue ?? "GGUF or safetensors files",
      offered: variants.compactMap { $0.quantization?.name })
  }

  // MARK: GGUF

  private static func choose(
    from variants: [FileChoice], for request: FileRequest, repository: String
  ) throws(HubError) -> FileChoice {
    if let tag = request.tag, tag.lowercased() != "latest" {
      let wanted = Quantization(tag)
      let found = variants.first { variant in
        wanted != nil && variant.quantization == wanted || variant.files.contains { $0.name == tag }
      }
      guard let found else {
        throw .noSuchVariant(
          repository: repository, wanted: tag,
          offered: variants.map { $0.quantization?.name ?? $0.files[0].name })
      }
      return found
    }
    let liked = variants.enumerated().sorted { left, right in
      let ranks = [left.element, right.element].map { $0.quantization?.rank ?? .max }
      return (ranks[0], left.offset) < (ranks[1], right.offset)
    }.map(\.element)
    guard let first = liked.first else {
      throw .noSuchVariant(repository: repository, wanted: "GGUF", offered: [])
    }
    guard let memory = request.memory else { return first }
    if needed(first) <= memory { return first }
    // The largest that fits loses the least.
    let fitting = liked.filter { needed($0) <= memory && $0.quantization?.isReadable ?? true }
    if let best = fitting.max(by: { $0.size < $1.size }) { return best }
    let smallest = variants.min { $0.size < $1.size } ?? first
    throw .tooLarge(model: repository, smallest: needed(smallest), memory: memory)
  }

  /// What a model of these files takes at the least: its weights, a tenth for the context and 256 MB of working room.
  static func needed(_ choice: FileChoice) -> Int {
    let (room, overflow) = choice.size.addingReportingOverflow(choice.size / 10 + 256_000_000)
    return overflow ? .max : room
  }

  /// The GGUF models of a repository, each whole with its parts, in the order of the list.
  static func variants(of files: [ListedFile]) -> [FileChoice] {
    var variants: [FileChoice] = []
    var seen: Set<String> = []
    for file in files {
      let name = file.name.lowercased()
      guard name.hasSuffix(".gguf"), !["mmproj", "imatrix", "mtp-"].contains(where: { name.contains($0) })
      else {
        continue
      }
      let folder = file.path.dropLast()
      guard let split = SplitName(path: file.name) else {
        variants.append(
          FileChoice(format: .gguf, quantization: quantization(of: file), files: [file]))
        continue
      }
      guard seen.insert(folder.joined(separator: "/") + "/" + split.prefix + "/\(split.count)").inserted,
        split.count <= 1000
      else { continue }
      // All parts, in order, in the same folder; a model that lacks one is not on offer.
      let parts = (1...split.count).compactMap { number in
        files.first { $0.path == folder + [split.part(number).path] }
      }
      guard parts.count == split.count else { continue }
      variants.append(FileChoice(format: .gguf, quantization: quantization(of: file), files: parts))
    }
    return variants
  }

  /// From the file's name, or the folder's.
  private static func quantization(of file: ListedFile) -> Quantization? {
    Quantization(fileName: file.name) ?? file.path.dropLast().last.flatMap { Quantization(fileName: $0) }
  }

  // MARK: Safetensors

  /// The weights at the top of a repository with what belongs to them; nil where there are none.
  private static func folder(of files: [ListedFile]) -> FileChoice? {
    let top = files.filter { $0.path.count == 1 }
    let indexed = top.filter { $0.name.hasPrefix("model") }
    func weights(_ files: [ListedFile]) -> [ListedFile] { files.filter { $0.name.hasSuffix(".safetensors") } }
    // Some repositories keep a second copy of the weights under another name.
    let tensors = weights(indexed).isEmpty ? weights(top) : weights(indexed)
    guard !tensors.isEmpty else { return nil }
    let others = top.filter { file in
      file.name.hasSuffix(".json") || file.name.hasSuffix(".jinja") || file.name.hasSuffix(".model")
        || ["merges.txt", "vocab.txt"].contains(file.name)
    }
    // Without two that differ by case alone, which one file system keeps apart and another does not.
    var names: Set<String> = []
    let all = (tensors + others).filter { names.insert($0.name.lowercased()).inserted }
    return FileChoice(format: .safetensors, quantization: nil, files: all)
  }
}
