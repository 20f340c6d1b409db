internal import ArgumentParser
internal import Foundation
internal import Minke
internal import MinkeCheckpoints
internal import MinkeTokenizers

struct TokenizeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Reads text on standard input and prints the tokens that a model sees.",
    discussion: """
      The file may hold a vocabulary alone. Text that spells a special token, such as <|im_start|>, is read as \
      that token, unless --no-special is given.

      Without --json each token is a line: its number and its text in quotes, or \
      its bytes in hexadecimal where they are part of a character.

      EXAMPLES
        echo -n "Hello, world" | minke tokenize smollm2:135m
        minke tokenize ./model.gguf --json < text.txt
      """)

  @Argument(help: "A name in the store or the catalogue, or the path of a .gguf file or a model folder.")
  var model: String

  @Flag(help: "Read text that spells a special token as plain text.")
  var noSpecial = false

  @Flag(help: "Add the tokens that the model wants at the beginning and the end of a text.")
  var addSpecial = false

  @OptionGroup
  var network: NetworkOptions

  @Flag(help: #"Print {"ids": […]}."#)
  var json = false

  func run() async throws {
    let file = try openCheckpoint(path: try await ModelFinder(network).find(model).path)
    let tokenizer = try Tokenizer(file)
    let text = try StandardStream.input.readAll(limit: Tokenizer.textLimit)
    let ids = try tokenizer.encode(
      utf8: text.span, special: noSpecial ? .asText : .parse, addSpecial: addSpecial)
    StandardStream.output.write(json ? Self.json(ids) : Self.lines(ids, tokenizer))
  }

  private static func json(_ ids: [TokenID]) -> String {
    #"{"ids": ["# + ids.map { String($0) }.joined(separator: ", ") + "]}\n"
  }

  private static func lines(_ ids: [TokenID], _ tokenizer: Tokenizer) -> String {
    ids.map { id in
      let bytes = tokenizer.bytes(of: id) ?? []
      guard let piece = String(validating: bytes, as: UTF8.self) else {
        // Part of a character.
        return "\(id)\t" + bytes.map { "<" + String($0, radix: 16, uppercase: true) + ">" }.joined() + "\n"
      }
      return "\(id)\t\"\(printable(piece, limit: 1000))\"\n"
    }.joined()
  }
}
