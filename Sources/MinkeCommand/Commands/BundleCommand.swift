internal import ArgumentParser
internal import Foundation
internal import MinkeCheckpoints
internal import MinkeHub

struct BundleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract:
      "Writes this program and a model into one file that runs on another machine, with no installation.",
    discussion: """
      The file is the command minke whose default model it carries: called with a question it answers, called with \
      nothing it chats, and every other command works too. It runs on Linux machines with the same family of \
      processor. The model is used where it lies in the file; 'minke import FILE' takes it into another store.

      The program has to carry the Swift libraries itself: build it with Scripts/build-portable.

      EXAMPLES
        minke bundle smollm2:135m -o smollm2
        ./smollm2 "What is the capital of France?"
      """)

  @Argument(help: "A name in the store or the catalogue, or the path of a .gguf file.")
  var model: String

  @Option(name: .shortAndLong, help: "The file to write.")
  var output: String

  @OptionGroup
  var network: NetworkOptions

  @Option(help: "The program to put the model into; this one unless given.")
  var program: String?

  @Flag(help: "Replace a file that is there already.")
  var force = false

  @Flag(help: "Print a JSON object: path, size, model, program_libraries.")
  var json = false

  func run() async throws {
    let program = try Self.carrier(program)
    let found = try await ModelFinder(network).find(model)
    let paths = try GGUFFile(path: found.path).parts.map(\.path)
    try OutputTarget(path: output).check(replacing: force, sources: paths + [program.path])
    let manifest = try found.manifest ?? Manifest(describing: paths)
    let writer = BundleWriter(program: program.path, manifest: manifest, files: paths)
    let output = output
    let size = try await FetchDisplay.during(manifest.name.description) { progress in
      try writer.write(to: output) { progress(FetchProgress(phase: .copying, completed: $0, total: $1)) }
    }
    if json {
      let report = BundleReport(
        path: output, size: size, model: manifest.name.description, programLibraries: program.libraries)
      StandardStream.output.write(try JSONText.pretty(report))
    } else {
      StandardStream.output.write("\(output): \(manifest.name), \(byteText(size))\n")
    }
  }

  /// The program and the libraries that it expects of the other machine.
  ///
  /// - Throws: when it is no Linux program, or needs libraries that other machines seldom have.
  private static func carrier(_ given: String?) throws -> (path: String, libraries: [String]) {
    guard let path = given ?? RunningProgram.path else {
      throw CommandError("the system does not say where this program lies: give it with --program")
    }
    guard let program = try ELFProgram(path: path) else {
      throw CommandError(
        "\(path) is not a Linux program of 64 bits, which alone can carry a model: bundle on Linux")
    }
    let missing = program.uncommonLibraries
    guard missing.isEmpty else {
      let names = missing.prefix(3).joined(separator: ", ") + (missing.count > 3 ? ", …" : "")
      throw CommandError(
        "\(path) needs \(names), which another machine may lack: build it with Scripts/build-portable, "
          + "and name that program with --program or run it")
    }
    return (path, program.libraries ?? [])
  }
}

/// A bundle as scripts read it.
private struct BundleReport: Encodable {
  var path: String
  var size: Int
  var model: String
  /// Libraries that the machine it runs on must have; none for a program that is wholly static.
  var programLibraries: [String]

  private enum CodingKeys: String, CodingKey {
    case path, size, model
    case programLibraries = "program_libraries"
  }
}
