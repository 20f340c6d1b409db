import Minke

let model = try LanguageModel.load(path: CommandLine.arguments[1])
let session = ChatSession(model: model)

for try await event in session.respond(to: "Why is the sky blue?") {
  if case .answer(let text) = event { print(text, terminator: "") }
}
print()
