internal import ArgumentParser
internal import Minke
internal import MinkeCheckpoints
internal import MinkeHub
internal import MinkeModels

/// How a model is loaded: what every command that loads one takes on its command line.
struct LoadingOptions: ParsableArguments {
  @Option(help: "Threads that compute; one for each processor unless given.")
  var threads: Int?

  @Flag(help: "Load the model even if it does not seem to fit into memory.")
  var noMemoryCheck = false

  @Flag(help: "Neither read nor keep packed weights, which make a model start at once.")
  var noPackCache = false

  @Option(
    help: ArgumentHelp(
      "Memory for a mixture's experts, such as 2G: others are read from the file as they are needed. Unless given, as much "
        + "as is free, where not all fit.",
      valueName: "size"),
    transform: { text in
      do { return try ByteSize.parse(text) } catch { throw ValidationError("\(error)") }
    })
  var expertMemory: Int?

  @OptionGroup
  var cache: CacheOptions

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
  }

  /// Loads a model, and one that guesses for it, once they are known to fit.
  ///
  /// - Throws: `CommandError` with figures when memory does not suffice, `MinkeError` for the model itself.
  func load(
    _ model: ModelFinder.Found, draft: ModelFinder.Found? = nil, from store: Store, contextLength: Int? = nil
  ) throws -> LanguageModel {
    var options = options(of: model, in: store, contextLength: contextLength)
    options.draft = draft.map { draft in
      DraftModel(path: draft.path, packCache: noPackCache ? nil : Self.packCache(of: draft, in: store))
    }
    let file = try openCheckpoint(path: model.path)
    // A damaged file is said to be damaged, even where it would not fit.
    try file.validateTensors()
    _ = try fit(&options, available: SystemMemory.available()) { options in
      try LanguageModel.estimateMemory(file, options: options)
    }
    return try LanguageModel.load(file, options: options)
  }

  /// Gives the experts of a model that does not fit the memory that is left, and says so on standard error.
  ///
  /// - Throws: `CommandError` with figures when memory does not suffice even so.
  func fit(
    _ options: inout LoadOptions, available: Int?, remedy: String? = nil,
    estimate: (LoadOptions) throws -> MemoryEstimate
  ) throws -> MemoryEstimate {
    var found = try estimate(options)
    if let expertMemory, let experts = found.experts, expertMemory < experts.leastBudget {
      throw CommandError(
        "--expert-memory is \(byteText(expertMemory)); expected at least \(byteText(experts.leastBudget)), which the "
          + "\(experts.usedCount) experts of one token take in a layer: give that, or take a smaller model")
    }
    if noMemoryCheck { return found }
    if options.expertMemory == nil, let available, let budget = found.expertBudget(available: available) {
      options.expertMemory = budget
      found = try estimate(options)
    }
    let check = MemoryCheck(found)
    if let remedy {
      try check.check(available: available, remedy: remedy)
    } else {
      try check.check(available: available)
    }
    if expertMemory == nil, let note = StreamingText.line(found) { StandardStream.error.write(note + "\n") }
    return found
  }

  /// What is asked for a model of the store, or of any path.
  func options(of model: ModelFinder.Found, in store: Store, contextLength: Int? = nil) -> LoadOptions {
    LoadOptions(
      threadCount: threads, contextLength: contextLength, keyCache: cache.keys, valueCache: cache.values,
      packCache: noPackCache ? nil : Self.packCache(of: model, in: store), expertMemory: expertMemory)
  }

  /// Packed weights lie beside the models; a file that the store knows need not be read for its digest.
  private static func packCache(of model: ModelFinder.Found, in store: Store) -> PackCache {
    let digest: PackCache.SourceDigest =
      if let digest = model.digest {
        .known(digest.hex)
      } else {
        .computed { paths in try SHA256Digest(ofFiles: paths).hex }
      }
    return PackCache(folder: store.packed, digest: digest)
  }
}

extension MemoryCheck {
  init(_ estimate: MemoryEstimate) {
    self.init(
      weights: estimate.weights, cache: estimate.cache, scratch: estimate.workspace,
      leastExperts: estimate.experts?.leastBudget)
  }
}
