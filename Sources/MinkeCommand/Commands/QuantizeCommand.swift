internal import ArgumentParser
internal import Foundation
internal import MinkeCheckpoints
internal import MinkeHub
internal import MinkeTensors

struct QuantizeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Makes a model smaller: writes its weights in fewer bits.",
    discussion: """
      TYPE is one of \(FileType.allCases.map(\.rawValue).joined(separator: ", ")). Most types give some matrices, whose \
      errors do most harm, more bits than the others; --pure does not. Norms and other small tensors stay as they are.

      With --imatrix, made by 'minke imatrix' or llama-imatrix, errors weigh more where a text like yours needs the \
      weights.

      EXAMPLES
        minke quantize model-f16.gguf model-q4_k_m.gguf Q4_K_M
        minke imatrix model-f16.gguf text.txt -o model.imatrix.gguf
        minke quantize model-f16.gguf model-iq4_xs.gguf IQ4_XS --imatrix model.imatrix.gguf
      """)

  @Argument(
    help: "A model in F32, F16 or BF16: the path of a .gguf file (of any part of a split one), or a name.")
  var source: String

  @Argument(help: "The .gguf file to write.")
  var target: String

  @Argument(help: "How to quantise, such as Q4_K_M.", transform: FileType.init(argument:))
  var type: FileType

  @Option(help: ArgumentHelp("Weigh errors by this importance matrix.", valueName: "file"))
  var imatrix: String?

  @Option(
    help: ArgumentHelp("The type of the output matrix, such as q8_0.", valueName: "type"),
    transform: ElementType.init(argument:))
  var outputTensorType: ElementType?

  @Option(
    help: ArgumentHelp("The type of the embedding.", valueName: "type"),
    transform: ElementType.init(argument:))
  var tokenEmbeddingType: ElementType?

  @Flag(help: "All matrices in one type.")
  var pure = false

  @Flag(help: "Quantise again what is quantised already, which loses more than quantising the original.")
  var allowRequantize = false

  @Flag(help: "Replace the target if it exists.")
  var force = false

  @Option(
    help: "Threads that compute; one for each processor unless given. The result does not depend on it.")
  var threads: Int?

  @OptionGroup
  var network: NetworkOptions

  @Flag(help: "Print what was done as JSON.")
  var json = false

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be 1 to 1024.")
    }
  }

  func run() async throws {
    let found = try await ModelFinder(network).find(source)
    let file = try openCheckpoint(path: found.path)
    let importance = try imatrix.map { try ImportanceMatrix(path: $0) }
    let plan = try QuantizationPlan(
      file, type,
      options: TensorMixture.Options(
        outputType: outputTensorType, embeddingType: tokenEmbeddingType,
        isPure: pure),
      importance: importance, allowsRequantizing: allowRequantize)
    let (target, threads, force, total) = (target, threads, force, plan.summary.bytesBefore)
    try await FetchDisplay.during(type.rawValue) { report in
      try ModelQuantizer(plan, threadCount: threads).write(to: target, replacing: force, source: file) {
        report(FetchProgress(phase: .copying, completed: $0, total: total))
        return !Task.isCancelled
      }
    }
    let report = QuantizeReport(
      plan, source: file, type: type, target: target, hasImportance: importance != nil)
    StandardStream.output.write(json ? try JSONText.pretty(report) : report.text)
  }
}
