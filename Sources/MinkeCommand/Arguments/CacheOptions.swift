internal import ArgumentParser
internal import Minke

/// How keys and values are stored: what commands that run a model take on their command line.
struct CacheOptions: ParsableArguments {
  @Option(name: .customLong("cache-type-k"), help: "How keys are stored: f16, bf16 or q8_0.")
  var keys = CacheType.f16

  @Option(name: .customLong("cache-type-v"), help: "How values are stored: f16, bf16 or q8_0.")
  var values = CacheType.f16
}

extension CacheType: ExpressibleByArgument {}

extension LoadOptions {
  init(threads: Int? = nil, contextSize: Int?, cache: CacheOptions) {
    self.init(
      threadCount: threads, contextLength: contextSize, keyCache: cache.keys, valueCache: cache.values)
  }
}
