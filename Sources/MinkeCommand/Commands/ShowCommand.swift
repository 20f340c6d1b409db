internal import ArgumentParser
internal import Minke
internal import MinkeCheckpoints
internal import MinkeHub

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Says what a model is: architecture, size, quantisation, context, licence, memory it needs.",
    discussion: """
      A model that is not fetched yet is shown as the catalogue knows it; nothing is fetched.

      EXAMPLES
        minke show smollm2:135m
        minke show ./model.gguf --json
      """)

  @Argument(help: "A name in the store or the catalogue, or the path of a .gguf file or a model folder.")
  var model: String

  @Option(help: "The tokens of context to estimate memory for; by default what 'minke run' takes.")
  var contextSize: Int?

  @OptionGroup(title: "Keys and values of that context")
  var cache: CacheOptions

  @OptionGroup
  var network: NetworkOptions

  @Flag(help: "Print a JSON object.")
  var json = false

  func validate() throws {
    if let contextSize, contextSize < 1 { throw ValidationError("--context-size must be at least 1.") }
  }

  func run() throws {
    let finder = try ModelFinder(network)
    var facts: ModelFactSheet
    switch try finder.locate(model) {
    case .offered(let entry, let quantization):
      facts = ModelFactSheet(entry, quantization: quantization)
    case .remote(let reference):
      throw CommandError("\(reference) is not on this device: 'minke pull \(reference)' fetches it")
    case .stored(let manifest, let path) where manifest.format == .safetensors:
      facts = ModelFactSheet(manifest, path: path)
    case .stored(let manifest, let path):
      facts = try Self.facts(path, manifest, contextSize, cache)
    case .foreign(let model):
      facts = try Self.facts(model.path, nil, contextSize, cache)
      facts.name = model.reference
      facts.source = "in the keeping of \(model.program.title)"
    case .file(let path):
      facts = try Self.facts(path, nil, contextSize, cache)
    }
    StandardStream.output.write(json ? try JSONText.pretty(facts) : facts.text)
  }

  private static func facts(
    _ path: String, _ manifest: Manifest?, _ contextSize: Int?, _ cache: CacheOptions
  ) throws -> ModelFactSheet {
    let file = try openCheckpoint(path: path)
    var facts = ModelFactSheet(file, path: path, manifest: manifest)
    do {
      let options = LoadOptions(
        contextLength: contextSize, keyCache: cache.keys, valueCache: cache.values)
      let trained = facts.contextLength ?? LoadOptions.defaultContextLimit
      let usual = contextSize ?? min(trained, LoadOptions.defaultContextLimit)
      let estimate = try LanguageModel.estimateMemory(file, options: options)
      facts.memory = ModelFactSheet.Memory(estimate, contextSize: usual)
      facts.experts = ModelFactSheet.Experts(estimate)
      facts.memoryByContext = try ModelFactSheet.contextSizes.filter { $0 <= trained && $0 != usual }.map {
        size in
        var options = options
        options.contextLength = size
        return ModelFactSheet.Memory(
          try LanguageModel.estimateMemory(file, options: options), contextSize: size)
      }
      try file.validateTensors()
    } catch let error as MinkeError where error.kind == .parameters {
      throw error
    } catch {
      facts.problem = "\(error)"
    }
    return facts
  }
}
