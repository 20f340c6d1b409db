internal import ArgumentParser
internal import Foundation
internal import MinkeCheckpoints
internal import MinkeHub

struct ConvertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Writes a model folder as a GGUF file.",
    discussion: """
      The folder is one in Hugging Face layout: config.json, tokenizer.json and weights in .safetensors files. It need not be \
      converted to be run: 'minke run FOLDER' does so too.

      Matrices keep their type unless another is asked for; 8-bit floats with scales become BF16. Vectors are \
      written as F32. The file appears under its name when it is complete.

      EXAMPLES
        minke convert ./Qwen2.5-0.5B-Instruct -o qwen.gguf
        minke convert ./model -o model.gguf --type f16 --split-size 4G
      """)

  @Argument(help: "The folder of the model, or the name of a model in the store that is one.")
  var folder: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The GGUF file to write.", valueName: "file.gguf"))
  var output: String

  @Option(
    help: ArgumentHelp("What matrices become: \(TypeNames.all).", valueName: "type"),
    transform: TypeNames.parse)
  var type = CheckpointConversion.Target.auto

  @Option(
    help: ArgumentHelp(
      "Write several files of about so many bytes of weights; 500M is 500 million, 4G 4 billion.",
      valueName: "size"),
    transform: ByteSize.parse)
  var splitSize: Int?

  @Flag(help: "Replace a file of that name.")
  var force = false

  @Option(help: "Threads that convert; one for each processor unless given.")
  var threads: Int?

  @OptionGroup
  var network: NetworkOptions

  @Flag(help: "Print a JSON object: output, architecture, type, tensors, bytes, seconds.")
  var json = false

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be from 1 to 1024.")
    }
  }

  func run() async throws {
    // A folder of this name is meant before a model of it.
    let path = isModelFolder(folder) ? folder : try await ModelFinder(network).find(folder).path
    guard isModelFolder(path) else {
      throw CommandError(
        "\(quoted(folder)) is not a model folder: expected a folder with config.json, tokenizer.json and .safetensors files"
      )
    }
    let start = ContinuousClock.now
    let checkpoint = try openCheckpoint(path: path)
    try OutputTarget(path: output).check(replacing: force, sources: checkpoint.parts.map(\.path))
    let (output, threads, splitSize, force, type) = (output, threads, splitSize, force, type)
    let paths = try await FetchDisplay.during((path as NSString).lastPathComponent) { report in
      var conversion = CheckpointConversion(checkpoint, to: type)
      let (total, done) = (conversion.byteCount, Locked(0))
      conversion.progress = { byteCount in
        let completed = done.withLock { done in
          done += byteCount
          return done
        }
        report(FetchProgress(phase: .copying, completed: completed, total: total))
        return !Task.isCancelled
      }
      return try conversion.writer(threadCount: threads)
        .write(to: output, partSize: splitSize ?? .max, replacesExisting: force)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let report = ConversionReport(
      paths, checkpoint, "\(CheckpointConversion(checkpoint, to: type).mainType.type)", seconds)
    StandardStream.output.write(json ? try JSONText.pretty(report) : report.text)
  }
}

/// What was written.
private struct ConversionReport: Encodable {
  var output: [String]
  var architecture: String?
  var type: String
  var tensors: Int
  /// Of all files.
  var bytes: Int
  var seconds: Double

  init(_ paths: [String], _ checkpoint: any Checkpoint, _ type: String, _ seconds: Double) {
    output = paths
    architecture = checkpoint.summary.architecture
    self.type = type
    tensors = checkpoint.tensors.count
    bytes = paths.reduce(0) { sum, path in
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
    }
    self.seconds = seconds
  }

  var text: String {
    output.map { "\(printable($0, limit: 400))\n" }.joined()
      + "\(tensors) tensors, \(type), \(byteText(bytes)), \(decimalText(seconds, 1)) s\n"
  }
}

private enum TypeNames {
  static let all = CheckpointConversion.Target.allCases.map(\.rawValue).joined(separator: ", ")

  static func parse(_ argument: String) throws -> CheckpointConversion.Target {
    guard let target = CheckpointConversion.Target(rawValue: argument.lowercased()) else {
      throw ValidationError("'\(argument)' is no type to convert to; expected \(all)")
    }
    return target
  }
}
