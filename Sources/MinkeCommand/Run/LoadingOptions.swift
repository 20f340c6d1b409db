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

  @OptionGroup
  var cache: CacheOptions

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
  }

  /// Loads a model once it is known to fit.
  ///
  /// - Throws: `CommandError` with figures when memory does not suffice, `MinkeError` for the model itself.
  func load(
    _ model: ModelFinder.Found, from store: Store, contextLength: Int? = nil
  ) throws -> LanguageModel {
    let options = options(of: model, in: store, contextLength: contextLength)
    let file = try openCheckpoint(path: model.path)
    // A damaged file is said to be damaged, even where it would not fit.
    try file.validateTensors()
    if !noMemoryCheck {
      try MemoryCheck(LanguageModel.estimateMemory(file, options: options))
        .check(available: SystemMemory.available())
    }
    return try LanguageModel.load(file, options: options)
  }

  /// What is asked for a model of the store, or of any path.
  func options(of model: ModelFinder.Found, in store: Store, contextLength: Int? = nil) -> LoadOptions {
    LoadOptions(
      threadCount: threads, contextLength: contextLength, keyCache: cache.keys, valueCache: cache.values,
      packCache: noPackCache ? nil : Self.packCache(of: model, in: store))
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
    self.init(weights: estimate.weights, cache: estimate.cache, scratch: estimate.workspace)
  }
}
