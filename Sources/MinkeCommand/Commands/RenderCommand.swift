internal import ArgumentParser
internal import Foundation
internal import Minke
internal import MinkeChat
internal import MinkeCheckpoints
internal import MinkeJinja

struct RenderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Prints what a template makes of a context: exactly the text, no more.",
    discussion: """
      With --template, any Jinja template, as jinja2 renders it with trim_blocks and lstrip_blocks on. With \
      MODEL and --messages, the model's own chat template.

      EXAMPLES
        minke render --template chat.jinja --context context.json
        minke render smollm2:135m --messages messages.json
      """)

  @Argument(
    help: "A model whose chat template to use: a name, or the path of a .gguf file or a model folder.")
  var model: String?

  @Option(help: ArgumentHelp("A Jinja template.", valueName: "file"))
  var template: String?

  @Option(help: ArgumentHelp("The template's variables: a JSON object.", valueName: "file.json"))
  var context: String?

  @Option(
    help: ArgumentHelp(
      "The conversation: a JSON list of messages, or an object with messages and tools.",
      valueName: "file.json"))
  var messages: String?

  @Flag(help: "Do not open the assistant's turn at the end.")
  var noGenerationPrompt = false

  @OptionGroup
  var network: NetworkOptions

  func validate() throws {
    switch (model, template, messages) {
    case (nil, .some, nil), (.some, nil, .some): break
    default:
      throw ValidationError(
        "Give either --template FILE --context FILE.json, or MODEL --messages FILE.json.")
    }
    if context != nil, template == nil { throw ValidationError("--context goes with --template.") }
  }

  func run() async throws {
    StandardStream.output.write(try await text())
  }

  private func text() async throws -> String {
    if let template {
      return try Self.render(template: template, context: context)
    }
    guard let model, let messages else {
      throw CommandError("expected a template, or a model and messages")
    }
    return try await render(model: model, messages: messages)
  }

  /// Renders a conversation as the model's own template has it.
  private func render(model: String, messages: String) async throws -> String {
    let json = String(decoding: try InputFile.read(messages), as: UTF8.self)
    var conversation = try Conversation(json: json)
    if noGenerationPrompt { conversation.addsGenerationPrompt = false }
    let file = try openCheckpoint(path: try await ModelFinder(network).find(model).path)
    return try ModelText(file).template.render(conversation).text
  }

  /// Renders a template file with a context file; no file is an empty context.
  private static func render(template: String, context: String?) throws -> String {
    let source = String(decoding: try InputFile.read(template), as: UTF8.self)
    var variables = OrderedDict()
    if let context {
      guard case .dict(let found) = try Value(json: InputFile.read(context)) else {
        throw CommandError("\(context) holds JSON of another kind, expected an object")
      }
      variables = found
    }
    return try Template(source, dialect: .jinja2).render(variables)
  }
}
