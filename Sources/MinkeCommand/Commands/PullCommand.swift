internal import ArgumentParser
internal import MinkeCheckpoints
internal import MinkeHub

struct PullCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Fetches a model into the store, whole and verified.",
    discussion: """
      MODEL is a name of the catalogue, with a quantisation or without (deepseek-r1:7b, deepseek-r1:7b-q8_0), a \
      repository at a hub (hf.co/OWNER/NAME:Q4_K_M, modelscope.cn/OWNER/NAME), or the https address of a file. Without a \
      quantisation it takes Q4_K_M, or the best that fits into this machine's memory.

      A fetch that was interrupted goes on where it was. HF_ENDPOINT names a mirror of the Hugging Face hub, HF_TOKEN a \
      token for it; MODELSCOPE_ENDPOINT and MODELSCOPE_API_TOKEN are those of ModelScope.

      EXAMPLES
        minke pull deepseek-r1:7b
        minke pull hf.co/unsloth/Qwen3-4B-GGUF:Q5_K_M
        minke pull https://example.org/model.gguf
        HF_ENDPOINT=https://hf-mirror.com minke pull qwen3:8b
      """)

  @Argument(help: "A name, a repository at a hub, or the address of a file.")
  var model: String

  @Option(help: "How weights are stored, as the files' names say: Q4_K_M.")
  var quantization: String?

  @Option(help: "gguf or safetensors; GGUF where there is any unless given.")
  var format: ModelFormat?

  @Option(help: "A branch, tag or commit of the repository.")
  var revision: String?

  @Option(help: "The hub to ask for a name of the catalogue: hf.co (usual) or modelscope.cn.")
  var hub: RemoteReference.Host?

  @Flag(help: "Fetch also over plain http and from private addresses.")
  var insecure = false

  @OptionGroup
  var network: NetworkOptions

  @Flag(help: "Print a JSON object: name, path, size, files, source.")
  var json = false

  func validate() throws {
    if let quantization, Quantization(quantization) == nil {
      throw ValidationError("'\(quantization)' is no quantisation; expected one as Q4_K_M or Q8_0")
    }
    if let revision, !FileName.isPlain(revision) {
      throw ValidationError("'\(revision)' is no revision; expected a branch, tag or commit")
    }
  }

  func run() async throws {
    let hub = try network.hub(insecure: insecure)
    let options = Hub.FetchOptions(
      quantization: quantization, format: format, revision: revision, memory: SystemMemory.installed(),
      host: self.hub)
    let (manifest, path) = try await fetch(from: hub, options)
    StandardStream.output.write(
      json
        ? try JSONText.pretty(PulledModel(manifest, path: path))
        : "\(manifest.name)  \(byteText(manifest.size))  \(printable(path, limit: 4096))\n")
  }

  private func fetch(
    from hub: Hub, _ options: Hub.FetchOptions
  ) async throws -> (manifest: Manifest, path: String) {
    if case .remote(let reference) = ModelReference(model) {
      if let here = try stored(in: hub) { return here }
      return try await FetchDisplay.during(reference.description) {
        try await hub.fetch(reference, options, progress: $0)
      }
    }
    guard let (entry, tagged) = try hub.offered(model) else {
      switch try hub.locate(model) {
      case .stored(let manifest, let path):
        return (manifest, path)
      default:
        throw CommandError(
          "\(quoted(model)) is on this device already and has no source to fetch it from: give a name of 'minke list', "
            + "hf.co/OWNER/NAME or an https address")
      }
    }
    if let here = try stored(in: hub) { return here }
    var options = options
    options.quantization = options.quantization ?? tagged?.name
    return try await FetchDisplay.during(entry.name.description) { [options] in
      try await hub.fetch(entry, options, progress: $0)
    }
  }
}

extension PullCommand {
  /// Without a network, what is here is the answer.
  private func stored(in hub: Hub) throws -> (manifest: Manifest, path: String)? {
    guard !hub.network.access.isAllowed, case .stored(let manifest, let path) = try hub.locate(model) else {
      return nil
    }
    return (manifest, path)
  }
}

extension ModelFormat: ExpressibleByArgument {}
extension RemoteReference.Host: ExpressibleByArgument {}

/// A model of the store as scripts read it.
struct PulledModel: Encodable {
  struct File: Encodable {
    var name: String
    var size: Int
    var sha256: String
  }

  var name: String
  var title: String
  var license: String
  var architecture: String
  var quantization: String?
  var base: String?
  var format: String
  var path: String
  var size: Int
  var files: [File]
  var source: String

  init(_ manifest: Manifest, path: String) {
    name = manifest.name.description
    title = manifest.title
    license = manifest.license
    architecture = manifest.architecture
    quantization = manifest.quantization
    base = manifest.base
    format = (manifest.format ?? .gguf).rawValue
    self.path = path
    size = manifest.size
    files = manifest.files.map { File(name: $0.name, size: $0.size, sha256: $0.digest.hex) }
    source = manifest.source
  }
}
